"""`voip call` without its command line: what is reported of a call that we place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.bot.conftest import Exchange
from voip.bot.call import Call
from voip.bot.caller import CallOrder, Step, _move, place_call
from voip.matrix.errors import RoomError
from voip.media.events import Recording, RecordingEnd
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


def test_screens_are_put_beside_the_recording_that_was_ordered(tmp_path: Path) -> None:
    folder = tmp_path / "call"
    folder.mkdir()
    for name in ("audio.ogg", "screen.webm", "screen-2.webm", "call.json"):
        (folder / name).write_text(name)
    sound, *screens = [
        Recording(folder / name, "", 1.0, 1, RecordingEnd.STOPPED)
        for name in ("audio.ogg", "screen.webm", "screen-2.webm")
    ]
    whole = Recording(sound.path, "", 1.0, 1, RecordingEnd.STOPPED, parts=tuple(screens))
    _move(whole, tmp_path / "there" / "reply.ogg", folder)
    kept = {path.name: path.read_text() for path in (tmp_path / "there").iterdir()}
    assert kept == {
        "reply.ogg": "audio.ogg",
        "reply-screen.webm": "screen.webm",
        "reply-screen-2.webm": "screen-2.webm",
    }
    assert not folder.exists()
