"""In a kind world calls with old clients come about, whoever calls and whoever else is there."""

from __future__ import annotations

from typing import Final

import pytest

from tests.sim.chance import Chance
from tests.sim.invariants import at_the_end
from tests.sim.old_device import OldEnd
from tests.sim.room import ROOM
from tests.sim.stories import of_kind, sent
from tests.sim.world import World
from voip.signalling.commands import Ended, EndReason, Established
from voip.signalling.events import Accept, Reject
from voip.signalling.ids import CallKey, Party

KEY: Final = CallKey(ROOM, "call")
A, B, B2 = (
    Party("@A:example.org", "A1"),
    Party("@B:example.org", "B1"),
    Party("@B:example.org", "B2"),
)
OLD_A, OLD_B = Party("@A:example.org", "a1"), Party("@B:example.org", "b1")
HUNG_UP: Final = {EndReason.HANGUP}
ELSEWHERE: Final = {EndReason.ANSWERED_ELSEWHERE}


def called(cast: str, caller: Party, callee: Party) -> World:
    world = World(cast, Chance(b""), encrypted=True)
    world.place(0, caller, KEY.call_id, callee.user_id)
    world.run()
    at_the_end(world)
    return world


def talked(world: World, key: CallKey = KEY) -> set[str]:
    everybody = world.everybody.items()
    return {party.party_id for party, one in everybody if list(of_kind(one, Established, key))}


def reasons(world: World, party: Party, key: CallKey = KEY) -> set[EndReason]:
    return {ended.reason for ended in of_kind(world.devices[party], Ended, key)}


@pytest.mark.parametrize(("caller", "cast"), [(A, "A1 b1"), (OLD_A, "a1 B1")])
def test_a_call_is_established_and_hung_up(caller: Party, cast: str) -> None:
    world = called(cast, caller, B)
    assert talked(world) == set(cast.split())
    (ours,), (old,) = world.devices, world.old
    assert reasons(world, ours) == HUNG_UP
    assert world.old[old].ends[KEY] in {OldEnd.SAID, OldEnd.HEARD}


@pytest.mark.parametrize("cast", ["A1 b1 b2", "A1 b2 b1"])
def test_of_two_old_devices_the_first_answer_wins(cast: str) -> None:
    """Both answer at the same time; the other stops when it sees the first answer, and says no
    hangup, which would be as good as the first one's."""
    world = called(cast, A, B)
    first, second = (old for old in world.old if old.party_id in cast.split()[1:])
    assert talked(world) == {"A1", first.party_id}
    assert world.old[second].ends[KEY] is OldEnd.ANSWERED_ELSEWHERE
    assert list(sent(world.old[second], KEY, "m.call.answer"))
    assert not list(sent(world.old[second], KEY, "m.call.hangup"))


@pytest.mark.parametrize("caller", [A, OLD_A])
def test_an_old_and_a_new_device_of_the_callee(caller: Party) -> None:
    """Both answer at the same time, and an answer of version 0 is followed by no choice."""
    world = called(f"{caller.party_id} B1 b1", caller, B)
    assert talked(world) == {caller.party_id, "b1"}
    assert list(sent(world.devices[B], KEY, "m.call.answer"))
    assert not list(sent(world.devices[B], KEY, "m.call.hangup"))
    assert reasons(world, B) == ELSEWHERE


def test_of_two_of_ours_that_an_old_client_calls_one_talks() -> None:
    world = called("a1 B1 B2", OLD_A, B)
    assert talked(world) == {"a1", "B1"}
    assert (reasons(world, B), reasons(world, B2)) == (HUNG_UP, ELSEWHERE)
    assert not list(sent(world.devices[B2], KEY, "m.call.hangup"))


def test_an_old_device_of_our_own_user_neither_rings_nor_disturbs() -> None:
    world = called("A1 a1 B1", A, B)
    assert talked(world) == {"A1", "B1"}
    assert world.old[OLD_A].told == []
    world = called("a1 A1 B1", OLD_A, B)
    assert talked(world) == {"a1", "B1"}
    assert reasons(world, A) == set()


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_an_old_device_declines_too_late_ends_nothing(encrypted: bool) -> None:
    """Its hangup has no party, and comes when another device of its user is chosen already."""
    world = World("A1 B1 b1", Chance(b""), encrypted=encrypted)
    world.place(0, A, KEY.call_id, B.user_id)
    world.wish(0.50, B, Accept(KEY))
    world.wish(0.55, OLD_B, Reject(KEY))
    world.run()
    at_the_end(world)
    assert list(sent(world.old[OLD_B], KEY, "m.call.hangup"))
    assert talked(world) == {"A1", "B1"}
    assert reasons(world, A) == reasons(world, B) == HUNG_UP


APART = [0.0, 0.01, 0.04, 0.06, 0.1, 0.5]


@pytest.mark.parametrize("apart", APART)
@pytest.mark.parametrize("we_begin", [True, False])
@pytest.mark.parametrize(("ours", "theirs"), [("a", "b"), ("b", "a")])
def test_glare_with_an_old_client_ends_in_one_call(
    ours: str, theirs: str, we_begin: bool, apart: float
) -> None:
    """It knows no glare: ours rings there, and when it is accepted its own call is over."""
    world = World("A1 b1", Chance(b""), encrypted=True)
    world.place(0 if we_begin else apart, A, ours, OLD_B.user_id)
    world.place(apart if we_begin else 0, OLD_B, theirs, A.user_id)
    world.run()
    at_the_end(world)
    both = [talked(world, CallKey(ROOM, call_id)) for call_id in (ours, theirs)]
    assert sorted(both, key=len) == [set(), {"A1", "b1"}]


@pytest.mark.parametrize(
    ("ours", "old", "it_comes_about"), [(A, OLD_B, False), (B, OLD_A, True)], ids=["less", "more"]
)
def test_glare_with_an_old_client_under_one_id(
    ours: Party, old: Party, it_comes_about: bool
) -> None:
    """Where ours is the lesser party we wait for an answer that it, calling itself, never gives:
    its own lifetime ends both. Ids are random, so this comes of a mistake only."""
    world = World(f"{ours.party_id} {old.party_id}", Chance(b""), encrypted=True)
    world.place(0, ours, KEY.call_id, old.user_id)
    world.place(0, old, KEY.call_id, ours.user_id)
    world.run()
    at_the_end(world)
    assert talked(world) == ({ours.party_id, old.party_id} if it_comes_about else set())
    assert reasons(world, ours) == HUNG_UP
