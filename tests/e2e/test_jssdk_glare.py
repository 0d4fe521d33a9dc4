"""matrix-js-sdk and our phone call each other at the same time: one call comes of it.

The lexicographically lesser call id survives (client-server API, "Glare").
"""

from __future__ import annotations

import pytest

from tests.e2e.lines import Line
from voip.signalling.commands import By, EndReason

LESSER, GREATER = "0000lesser", "zzzzgreater"


@pytest.mark.parametrize(
    "our_id",
    [LESSER, pytest.param(GREATER, marks=pytest.mark.long)],
    ids=["ours-stays", "theirs-stays"],
)
async def test_both_call_and_the_lesser_id_stays(line: Line, our_id: str) -> None:
    their_id = GREATER if our_id == LESSER else LESSER
    # The SDK begins, and looks for its microphone while ours is sent. Were ours there before it
    # began, it would ring, and the SDK would place its own beside it.
    placed = await line.js.place(line.room_id, line.phone.user_id, call_id=their_id)
    ours = await line.phone.place(line.room_id, invitee=line.js.user_id, call_id=our_id)
    await ours.established()
    assert ours.key.call_id == LESSER
    calls = {call.id: call for call in await line.js.calls()}
    theirs = calls[LESSER]
    await theirs.connected()
    await theirs.talks_both_ways()
    if placed.id == GREATER:
        assert await placed.ended() == ("local", "replaced")
    assert line.rang.empty()
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)
    views = [await call.view() for call in await line.js.calls()]
    assert {view.state for view in views} == {"ended"}
