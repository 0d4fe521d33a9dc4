"""All calls of a device: which event belongs to which call, and what outlives a call."""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    HOST,
    KEY,
    OUR_OTHER,
    PEER,
    PEERS_OTHER,
    RELAY,
    ROOM,
    STRANGER,
    US,
    Device,
    Direction,
    Remote,
    at,
    bring,
    inbound_in,
    of_type,
    plain,
    why,
)
from voip.signalling.commands import (
    AddCandidates,
    Ended,
    IgnoreReason,
    Incoming,
)
from voip.signalling.config import CallConfig
from voip.signalling.errors import CallExists, UnknownCall
from voip.signalling.events import Accept, HangUp, Place, Received, SyncComplete
from voip.signalling.ids import CallKey
from voip.signalling.states import State

ELSEWHERE = CallKey("!elsewhere:example.org", KEY.call_id)


def rings(device: Device) -> bool:
    return bool(of_type(device.handle(SyncComplete()), Incoming))


# --- before the invite ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [PEER.hangup(), OUR_OTHER.reject(), OUR_OTHER.answer(), OUR_OTHER.hangup()],
    ids=["its caller hung up", "we declined", "we answered", "a device of ours failed"],
)
def test_a_call_that_was_over_before_its_invite_does_not_ring(end: Received) -> None:
    device = Device()
    assert device.handle(end) == []
    assert why(device.handle(PEER.invite())) == [IgnoreReason.OVER_BEFORE]
    assert not rings(device)


@pytest.mark.parametrize("other", [STRANGER.hangup(), STRANGER.reject(), STRANGER.answer()])
def test_a_stranger_cannot_end_a_call_before_its_invite(other: Received) -> None:
    device = Device()
    device.handle(other)
    device.handle(PEER.invite())
    assert rings(device)


def test_an_end_is_not_waited_for_beyond_its_time() -> None:
    device = Device(config=CallConfig(early_seconds=60))
    device.handle(PEER.hangup())
    device.wait(60)
    device.handle(PEER.invite())
    assert rings(device)


def test_candidates_before_the_invite_are_kept_by_party() -> None:
    device = Device()
    device.handle(STRANGER.candidates(RELAY))
    device.handle(PEERS_OTHER.candidates(RELAY))
    device.handle(PEER.candidates(HOST))
    bring(device, Direction.INBOUND, State.ANSWERING)
    assert of_type(device.log, AddCandidates) == [AddCandidates(KEY, (HOST,))]


def test_what_comes_for_no_call_is_bounded() -> None:
    device = Device(config=CallConfig(max_early_calls=2, max_early_parties=1))
    one, two, three = (PEER.of(CallKey(ROOM, name)) for name in ("one", "two", "three"))
    told = [
        why(device.handle(event))
        for event in (
            one.candidates(HOST),
            one.hangup(),
            PEERS_OTHER.of(one.key).candidates(HOST),
            STRANGER.of(one.key).hangup(),
            two.hangup(),
            three.candidates(HOST),
            three.hangup(),
        )
    ]
    kept: list[IgnoreReason] = []
    lost = [IgnoreReason.TOO_MANY]
    assert told == [kept, kept, lost, lost, kept, lost, lost]


def test_a_choice_or_a_negotiation_of_no_call_is_not_kept() -> None:
    assert why(Device().handle(PEER.select(US.party))) == [IgnoreReason.UNKNOWN_CALL]


# --- which call -----------------------------------------------------------------------------


def test_one_id_in_two_rooms_is_two_calls() -> None:
    device = inbound_in(State.RINGING)
    there = PEER.of(ELSEWHERE)
    bring(device, Direction.INBOUND, State.CONNECTED, ELSEWHERE)
    device.handle(there.hangup())
    assert (device.state(ELSEWHERE), device.state(KEY)) == (State.ENDED, State.RINGING)


def test_calls_of_both_directions_live_side_by_side() -> None:
    device = Device()
    # Not in one room: to call somebody who is calling us is a matter of glare.
    keys = [CallKey((ROOM, ELSEWHERE.room_id)[number % 2], str(number)) for number in range(20)]
    for number, key in enumerate(keys):
        outbound = number % 2 == 0
        bring(
            device,
            Direction.OUTBOUND if outbound else Direction.INBOUND,
            State.INVITED if outbound else State.RINGING,
            key,
        )
    assert len(device.calls) == 20
    device.handle(HangUp(keys[3]))
    assert len(device.calls) == 19
    device.wait(1000)
    assert len(device.calls) == 0
    assert [ended.key for ended in of_type(device.log, Ended)].count(keys[3]) == 1
    assert {ended.key for ended in of_type(device.log, Ended)} == set(keys)


def test_deadlines_of_many_calls_fire_in_their_order() -> None:
    device = Device()
    for lifetime in (30.0, 10.0, 20.0):
        device.handle(PEER.of(CallKey(ROOM, str(lifetime))).invite(lifetime=lifetime))
    told = device.wait(100)
    assert [ended.key.call_id for ended in of_type(told, Ended)] == ["10.0", "20.0", "30.0"]


def test_time_that_passed_unseen_is_caught_up_with_before_the_next_event() -> None:
    device = inbound_in(State.RINGING)
    device.now += 1000  # the driver slept too long
    with pytest.raises(UnknownCall):
        device.calls.handle(Accept(KEY), device.now)
    assert [type(item) for item in device.drain()] == [Ended]


def test_handling_nothing_of_interest_tells_nothing() -> None:
    device = Device()
    assert device.handle(SyncComplete()) == []
    assert device.calls.poll() is None
    assert device.state() is State.ENDED


# --- after the end --------------------------------------------------------------------------


def test_an_ended_call_is_remembered_for_a_while() -> None:
    device = inbound_in(State.ENDED, CallConfig(tombstone_seconds=700))
    device.wait(699)
    assert why(device.handle(PEER.invite())) == [IgnoreReason.CALL_ENDED]
    with pytest.raises(CallExists):
        device.handle(Place(KEY))
    device.wait(2)
    assert why(device.handle(at(PEER.invite(), age=700.0))) == [IgnoreReason.EXPIRED]


def test_ended_calls_that_are_remembered_are_bounded() -> None:
    device = Device(config=CallConfig(max_tombstones=2))
    calls = [PEER.of(CallKey(ROOM, name)) for name in ("one", "two", "three")]
    for each in calls:
        device.handle(each.invite())
        device.handle(each.hangup())
    # The first is forgotten, so its end counts as one that came before its invite.
    assert [why(device.handle(each.hangup())) for each in calls] == [
        [],
        [IgnoreReason.CALL_ENDED],
        [IgnoreReason.CALL_ENDED],
    ]


def test_a_flood_harms_no_other_call() -> None:
    device = inbound_in(State.CONNECTED)
    flood = Remote("@flood:example.org", "x" * 255)
    for number in range(2000):
        event = flood.of(CallKey(ROOM, f"{number}".rjust(255, "0")))
        device.handle(event.candidates(HOST) if number % 2 else event.invite(lifetime=1e9))
    assert len(device.calls) == 1 + CallConfig().max_unanswered
    assert plain(device.handle(PEER.candidates(HOST))) == [AddCandidates(KEY, (HOST,))]
    device.wait(CallConfig().longest_lifetime)
    assert len(device.calls) == 1


def test_an_id_that_is_used_again_is_remembered_from_its_latest_end() -> None:
    device = Device(config=CallConfig(max_tombstones=2, tombstone_seconds=10))
    one, two, three = (PEER.of(CallKey(ROOM, name)) for name in ("one", "two", "three"))
    for each, seconds in ((one, 11), (two, 0), (one, 0), (three, 0)):
        device.handle(each.invite())
        device.handle(each.hangup())
        device.wait(seconds)
    assert why(device.handle(one.invite())) == [IgnoreReason.CALL_ENDED]
