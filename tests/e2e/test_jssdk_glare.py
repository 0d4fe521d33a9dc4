"""matrix-js-sdk and our phone call each other at the same time: one call comes of it.

The lexicographically lesser call id survives (client-server API, "Glare").
"""

from __future__ import annotations

import pytest

from tests.e2e.lines import Line
from tests.media.calls import until
from voip.signalling.commands import By, EndReason
from voip.signalling.content import Invite
from voip.signalling.events import Event, Received
from voip.signalling.states import State

LESSER, GREATER = "0000lesser", "zzzzgreater"


@pytest.mark.parametrize(
    "our_id",
    [LESSER, pytest.param(GREATER, marks=pytest.mark.long)],
    ids=["ours-stays", "theirs-stays"],
)
async def test_both_call_and_the_lesser_id_stays(
    line: Line, our_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    their_id = GREATER if our_id == LESSER else LESSER
    # Each has sent its invite before it gets the other's: theirs is kept back until ours is out.
    driver, kept = line.phone._running, list[Received]()
    take = driver.take

    def keep_back(event: Event) -> None:
        if isinstance(event, Received) and event.type == Invite.event_type:
            kept.append(event)
        else:
            take(event)

    monkeypatch.setattr(driver, "take", keep_back)
    placed = await line.js.place(line.room_id, line.phone.user_id, call_id=their_id)
    await placed.until(lambda view: view.state == "invite_sent")
    ours = await line.phone.place(line.room_id, invitee=line.js.user_id, call_id=our_id)
    await until(
        lambda: driver._calls.state(ours.key) in {State.INVITED, State.CONNECTING} and bool(kept)
    )
    monkeypatch.undo()
    for event in kept:
        take(event)
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
