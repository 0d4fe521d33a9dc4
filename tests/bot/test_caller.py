"""`voip call` without its command line: what is reported of a call that we place."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.conftest import Exchange
from voip.bot.call import Call
from voip.bot.caller import CallOrder, Step, place_call
from voip.matrix.errors import RoomError
from voip.media.sounds import Tone
from voip.signalling.commands import EndReason


async def test_steps_are_told_and_the_journal_is_left_clean(exchange: Exchange) -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        await call.ended()

    bot, alice = await exchange.bot(flow=flow), await exchange.phone()
    steps: list[Step] = []
    report = await place_call(
        alice, CallOrder(bot.phone.user_id, play=Tone(seconds=0.5)), steps.append
    )
    assert report.ok
    assert report.reason == EndReason.HANGUP.value
    assert steps == [
        Step.FINDING_ROOM,
        Step.CALLING,
        Step.CONNECTED,
        Step.PLAYING,
        Step.ENDED,
    ]
    assert report.answer_ms is not None
    assert report.connected_ms is not None
    assert 0 < report.answer_ms <= report.connected_ms
    assert not await alice.journal.live_calls()


async def test_a_call_that_is_declined_says_so(exchange: Exchange) -> None:
    async def flow(call: Call) -> None:
        call.reject()
        await call.ended()

    bot, alice = await exchange.bot(flow=flow), await exchange.phone()
    report = await place_call(alice, CallOrder(bot.phone.user_id))
    assert not report.ok
    assert report.reason == EndReason.REJECTED.value
    assert report.connected_ms is None


async def test_a_caller_that_is_cancelled_hangs_up(exchange: Exchange) -> None:
    answered: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    async def flow(call: Call) -> None:
        await call.answer()
        answered.set_result(call)
        await call.ended()

    bot, alice = await exchange.bot(flow=flow), await exchange.phone()
    placing = asyncio.create_task(place_call(alice, CallOrder(bot.phone.user_id)))
    call = await asyncio.wait_for(answered, 20)
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing
    assert (await asyncio.wait_for(call.closed(), 20)).reason is EndReason.HANGUP


async def test_a_room_that_is_not_there_is_said(exchange: Exchange) -> None:
    alice = await exchange.phone()
    with pytest.raises(RoomError, match="check its name"):
        await place_call(alice, CallOrder("#nowhere:localhost"))
