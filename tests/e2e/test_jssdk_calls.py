"""matrix-js-sdk's own calls with a phone of ours, in an encrypted room: who may end them, and how.

Both sides are asked how it ended.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.lines import PATIENCE, Line
from voip.signalling.commands import By, EndReason


async def test_js_calls_and_hangs_up(line: Line) -> None:
    theirs, ours = await line.js_calls()
    await theirs.talks_both_ways()
    assert ours.key.call_id == theirs.id
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    end = await ours.closed()
    assert (end.reason, end.by, end.wire_reason) == (EndReason.HANGUP, By.PEER, "user_hangup")


async def test_we_call_and_hang_up(line: Line) -> None:
    theirs, ours = await line.we_call()
    await theirs.talks_both_ways()
    assert ours.key.call_id == theirs.id
    ours.hang_up()
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.US)
    assert await theirs.ended() == ("remote", "user_hangup")


@pytest.mark.long
async def test_js_calls_and_we_hang_up(line: Line) -> None:
    theirs, ours = await line.js_calls()
    ours.hang_up()
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.US)
    assert await theirs.ended() == ("remote", "user_hangup")


@pytest.mark.long
async def test_we_call_and_js_hangs_up(line: Line) -> None:
    theirs, ours = await line.we_call()
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    end = await ours.closed()
    assert (end.reason, end.by, end.wire_reason) == (EndReason.HANGUP, By.PEER, "user_hangup")


@pytest.mark.long
async def test_candidates_may_come_long_before_the_answer(line: Line) -> None:
    theirs = await line.js.place(line.room_id, line.phone.user_id)
    ours = await line.ringing()
    async with asyncio.timeout(PATIENCE):
        while "→ m.call.candidates" not in await line.js.log():  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.1)
    await ours.answer()
    await theirs.connected()
    await theirs.talks_both_ways()
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    assert (await ours.closed()).by is By.PEER


@pytest.mark.long
async def test_js_declines(line: Line) -> None:
    ours = await line.phone.place(line.room_id, invitee=line.js.user_id)
    theirs = await line.js.ringing()
    await theirs.reject()
    assert await theirs.ended() == ("local", "user_hangup")
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.REJECTED, By.PEER)


@pytest.mark.long
async def test_we_decline(line: Line) -> None:
    theirs = await line.js.place(line.room_id, line.phone.user_id)
    ours = await line.ringing()
    ours.reject()
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.REJECTED, By.US)
    assert await theirs.ended() == ("remote", "user_hangup")


@pytest.mark.long
async def test_js_gives_up_while_it_rings(line: Line) -> None:
    theirs = await line.js.place(line.room_id, line.phone.user_id)
    ours = await line.ringing()
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)
    assert end.rang


@pytest.mark.long
async def test_we_give_up_while_it_rings(line: Line) -> None:
    ours = await line.phone.place(line.room_id, invitee=line.js.user_id)
    theirs = await line.js.ringing()
    ours.hang_up()
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.US)
    assert await theirs.ended() == ("remote", "user_hangup")


@pytest.mark.long
async def test_the_other_side_leaving_the_room_ends_the_call(line: Line) -> None:
    _theirs, ours = await line.js_calls()
    await line.js.leave(line.room_id)
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.LEFT_ROOM, By.PEER)
