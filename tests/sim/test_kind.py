"""In a kind world calls come about, and glare ends in exactly one: the specified one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.sim.chance import Chance
from tests.sim.device import SimDevice
from tests.sim.invariants import at_the_end
from tests.sim.room import ROOM
from tests.sim.world import CASTS, World
from voip.signalling.commands import (
    Answered,
    Ended,
    EndReason,
    Established,
    NegotiationFailed,
    Renegotiated,
    Replaced,
)
from voip.signalling.events import Change, Renegotiate
from voip.signalling.ids import CallKey, Party

A, B = Party("@A:example.org", "A1"), Party("@B:example.org", "B1")
A2 = Party("@A:example.org", "A2")
CHANGED = (Renegotiated, NegotiationFailed)


def established(device: SimDevice) -> list[CallKey]:
    return [told.item.key for told in device.told if isinstance(told.item, Established)]


def endings(device: SimDevice) -> dict[CallKey, EndReason]:
    items = [told.item for told in device.told]
    return {item.key: item.reason for item in items if isinstance(item, Ended)}


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("cast", CASTS)
def test_a_call_is_established_and_hung_up(cast: str, encrypted: bool) -> None:
    world = World(cast, Chance(b""), encrypted=encrypted)
    caller, *others = world.devices.values()
    theirs = [one for one in others if one.party.user_id != caller.party.user_id] or others
    world.place(0, caller.party, "call", theirs[0].party.user_id)
    world.run()
    at_the_end(world)
    key = CallKey(ROOM, "call")
    talked = [device for device in world.devices.values() if established(device)]
    assert len(talked) == 2
    assert caller in talked
    for device in talked:
        assert established(device) == [key]
        assert endings(device) == {key: EndReason.HANGUP}
    for device in set(others) - set(talked):
        reason = endings(device).get(key)
        rang_for_it = device.party.user_id == theirs[0].party.user_id
        assert reason is (EndReason.ANSWERED_ELSEWHERE if rang_for_it else None)


APART = [0.0, 0.01, 0.02, 0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.3, 0.9]
"""Seconds between the two calls; a person takes a second to accept."""
AN_EVENT: Final = 0.05
"""An offer takes as long to make here as there."""


def pairs() -> Iterator[tuple[Party, Party, str]]:
    yield from ((A, B, "A1 B1"), (B, A, "A1 B1"), (A, B, "A1 A2 B1"), (A, B, "A1 B1 B2"))
    yield from ((A, A2, "A1 A2"), (A2, A, "A1 A2"))


@pytest.mark.parametrize("apart", APART)
@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a"), ("same", "same")], ids="-".join)
@pytest.mark.parametrize(("first", "second", "cast"), list(pairs()))
def test_glare_ends_in_exactly_one_call(
    first: Party, second: Party, cast: str, ids: tuple[str, str], apart: float
) -> None:
    world = World(cast, Chance(b""), encrypted=True)
    world.place(0, first, ids[0], second.user_id)
    world.place(apart, second, ids[1], first.user_id)
    world.run()
    at_the_end(world)
    talked = {party: established(device) for party, device in world.devices.items()}
    keys = {key for keys in talked.values() for key in keys}
    assert len(keys) == 1, "exactly one call"
    assert {party for party, found in talked.items() if found} == {first, second}
    (key,) = keys
    prepared = apart < AN_EVENT  # the first invite came when the second was sent already
    specified = min((ids[0], first), (ids[1], second)) if prepared else (ids[0], first)
    assert key == CallKey(ROOM, specified[0])
    assert {party: peer for party in (first, second) for peer in [peer_of(world, party)]} == {
        first: second,
        second: first,
    }
    for device in world.devices.values():
        # Nobody's phone rings on for the call that gave way.
        assert set(endings(device).values()) <= {EndReason.HANGUP, EndReason.ANSWERED_ELSEWHERE}


def peer_of(world: World, party: Party) -> Party:
    items = [told.item for told in world.devices[party].told]
    (peer,) = [item.peer for item in items if isinstance(item, Answered)]
    return peer


@pytest.mark.parametrize("apart", [0.0, 0.01, 0.03, 0.06, 0.09, 0.2])
@pytest.mark.parametrize("caller", [A, B])
def test_both_changes_come_about_whoever_begins(caller: Party, apart: float) -> None:
    world = World("A1 B1", Chance(b""), encrypted=True)
    callee = B if caller == A else A
    world.place(0, caller, "call", callee.user_id)
    key = CallKey(ROOM, "call")
    world.wish(5, caller, Renegotiate(key, Change(hold=True)))
    world.wish(5 + apart, callee, Renegotiate(key, Change(video=True)))
    world.run()
    at_the_end(world)
    for party in (caller, callee):
        items = [told.item for told in world.devices[party].told]
        assert [type(item) for item in items if isinstance(item, CHANGED)] == [Renegotiated] * 2


def test_both_calls_are_about_glare() -> None:
    """Else the test above would be about calls that never met."""
    world = World("A1 B1", Chance(b""), encrypted=True)
    world.place(0, A, "b", B.user_id)
    world.place(0.01, B, "a", A.user_id)
    world.run()
    replaced = [
        (device.party, told.item.key.call_id)
        for device in world.devices.values()
        for told in device.told
        if isinstance(told.item, Replaced)
    ]
    assert replaced == [(A, "b")]
