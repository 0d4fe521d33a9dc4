"""Transfers between matrix-js-sdk, a bot or phone of ours and a third person (MSC2747).

The SDK asks for transfers and does nothing when it is asked: then the two are connected through us.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.conftest import Exchange
from tests.e2e.jssdk import JsClient
from tests.e2e.lines import PATIENCE, Line
from voip.bot.call import Call
from voip.bot.phone import Phone
from voip.media.sounds import Tone
from voip.signalling.commands import By, EndReason


class Third:
    """A third person, who answers."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self._answering: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        phone.on_call = self._on_call

    def _on_call(self, call: Call) -> None:
        self._task = asyncio.create_task(self._answer(call))

    async def _answer(self, call: Call) -> None:
        await call.answer()
        self._answering.set_result(call)

    async def talking(self) -> Call:
        """The call, once it is answered."""
        return await asyncio.wait_for(self._answering, PATIENCE)

    async def received(self) -> int:
        call = await self.talking()
        return (await self.phone.media.stats(call.key)).packets_received

    async def hears(self) -> None:
        """Something arrives from now on."""
        before = await self.received()
        async with asyncio.timeout(PATIENCE):
            while await self.received() < before + 20:  # noqa: ASYNC110  # nobody is told
                await asyncio.sleep(0.1)


@pytest.fixture
async def third(exchange: Exchange) -> Third:
    return Third(await exchange.phone("carol"))


async def test_js_transfers_our_bot_to_a_third_person(
    js: JsClient, exchange: Exchange, third: Third
) -> None:
    served: list[Call] = []

    async def flow(call: Call) -> None:
        served.append(call)
        await call.answer()
        await call.play(Tone(seconds=60))

    bot = (await exchange.bot(flow=flow)).phone
    room_id = await bot.matrix.direct_room(js.user_id)
    await js.ready(room_id, bot.user_id)
    theirs = await js.place(room_id, bot.user_id)
    await theirs.connected()
    assert (await theirs.view()).transferable
    await theirs.transfer(third.phone.user_id)
    assert await theirs.ended() == ("local", "transferred")
    at_third = await third.talking()
    assert at_third.peer_user_id == bot.user_id
    await third.hears()
    former, new = served
    assert former.key.call_id == theirs.id
    end = await former.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.US)
    assert (new.key, new.peer_user_id) == (at_third.key, third.phone.user_id)
    at_third.hang_up()
    for call, by in ((at_third, By.US), (new, By.PEER)):
        end = await call.ended()
        assert (end.reason, end.by) == (EndReason.HANGUP, by)


@pytest.mark.long
async def test_js_joins_two_of_its_calls(line: Line, exchange: Exchange) -> None:
    other = await Line.connect(line.js, await exchange.phone("carol"))
    moved: list[asyncio.Future[Call]] = []
    for phone in (line.phone, other.phone):
        one: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        phone.transfers.on_moved = one.set_result
        moved.append(one)
    first, ours = await line.js_calls()
    second, carols = await other.js_calls()
    await first.transfer_to_call(second)
    for theirs in (first, second):
        assert await theirs.ended() == ("local", "transferred")
    new, at_carol = await asyncio.wait_for(asyncio.gather(*moved), PATIENCE)
    assert new.key == at_carol.key
    assert (new.peer_user_id, at_carol.peer_user_id) == (
        other.phone.user_id,
        line.phone.user_id,
    )
    for call in (ours, carols):
        end = await call.closed()
        assert (end.reason, end.by) == (EndReason.HANGUP, By.US)
    new.hang_up()
    assert (await at_carol.ended()).by is By.PEER


@pytest.mark.long
async def test_we_connect_js_through_us_to_a_third_person(line: Line, third: Third) -> None:
    theirs, ours = await line.js_calls()
    transfer = asyncio.create_task(ours.transfer(third.phone.user_id))
    at_third = await third.talking()
    await third.hears()
    await third.phone.media.play(at_third.key, Tone(seconds=1))
    await theirs.talks_both_ways()
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    await transfer
    end = await ours.ended()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)
    end = await at_third.ended()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)


@pytest.mark.long
async def test_where_the_third_person_hangs_up_js_is_told(line: Line, third: Third) -> None:
    theirs, ours = await line.js_calls()
    transfer = asyncio.create_task(ours.transfer(third.phone.user_id))
    at_third = await third.talking()
    await third.hears()
    at_third.hang_up()
    await transfer
    assert await theirs.ended() == ("remote", "user_hangup")
    end = await ours.ended()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.US)


@pytest.mark.long
async def test_js_shows_whom_we_say_is_on_the_line(line: Line) -> None:
    theirs, ours = await line.js_calls()
    ours.assert_identity("@boss:example.org", "The Boss")
    view = await theirs.until(lambda view: view.identity)
    assert view.identity == {"id": "@boss:example.org", "displayName": "The Boss"}
    await theirs.hang_up()
    assert (await ours.ended()).by is By.PEER
