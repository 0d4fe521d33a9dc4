"""What comes before its time is kept by party, bounded in count and age."""

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
    Remote,
)
from voip.signalling.config import CallConfig
from voip.signalling.early import EarlyArrivals, EarlyCandidates, Speaker
from voip.signalling.ids import NO_PARTY, CallKey

OTHER_KEY = CallKey(ROOM, "other")
CALLER = Speaker(PEER.party, None)


def test_candidates_are_kept_by_party_and_in_order() -> None:
    early = EarlyCandidates(CallConfig())
    assert early.add(PEER.party, (HOST,))
    assert early.add(PEERS_OTHER.party, (RELAY,))
    assert early.add(PEER.party, (RELAY,))
    assert early.take(PEER.party) == (HOST, RELAY)
    assert early.take(PEERS_OTHER.party) == ()  # what the others sent is of no use any more


def test_candidates_of_one_party_are_bounded() -> None:
    early = EarlyCandidates(CallConfig(max_early_candidates=3))
    assert early.add(PEER.party, (HOST, HOST))
    assert not early.add(PEER.party, (RELAY, RELAY))
    assert not early.add(PEER.party, (RELAY,))
    assert early.add(PEER.party, ())
    assert early.take(PEER.party) == (HOST, HOST, RELAY)


def test_the_parties_of_one_call_are_bounded() -> None:
    early = EarlyCandidates(CallConfig(max_early_parties=1))
    assert early.add(PEER.party, (HOST,))
    assert not early.add(PEERS_OTHER.party, (HOST,))
    assert early.add(PEER.party, (RELAY,))
    assert early.take(PEERS_OTHER.party) == ()


def test_an_arrival_is_taken_once() -> None:
    early = EarlyArrivals(CallConfig())
    assert early.candidates(KEY, CALLER, (HOST,), now=0)
    assert early.take(KEY, CALLER, US.party, now=1) == (False, (HOST,))
    assert early.take(KEY, CALLER, US.party, now=1) == (False, ())
    assert len(early) == 0


NOBODY = Remote(PEER.user_id, NO_PARTY)


@pytest.mark.parametrize(
    ("ender", "over"),
    [
        (Speaker(PEER.party, "key"), True),
        (Speaker(NOBODY.party, "key"), True),  # it names no party, as some clients do
        (Speaker(OUR_OTHER.party, "our key"), True),
        (Speaker(PEER.party, "another key"), False),
        (Speaker(PEER.party, None), False),
        (Speaker(PEERS_OTHER.party, "key"), False),
        (Speaker(STRANGER.party, "key"), False),
    ],
)
def test_who_may_hang_up_before_the_invite(ender: Speaker, over: bool) -> None:
    early = EarlyArrivals(CallConfig())
    assert early.hung_up(KEY, ender, now=0)
    assert early.take(KEY, Speaker(PEER.party, "key"), US.party, now=1) == (over, ())


def test_only_devices_of_ours_can_have_answered_before_the_invite() -> None:
    for ender, over in ((US, True), (PEER, False), (STRANGER, False)):
        early = EarlyArrivals(CallConfig())
        assert early.settled(KEY, ender.user_id, now=0)
        assert early.take(KEY, CALLER, US.party, now=1) == (over, ())


def test_candidates_of_another_device_key_are_not_the_callers() -> None:
    early = EarlyArrivals(CallConfig())
    early.candidates(KEY, Speaker(PEER.party, "another key"), (HOST,), now=0)
    assert early.take(KEY, Speaker(PEER.party, "key"), US.party, now=1) == (False, ())


def test_who_ended_it_early_is_bounded() -> None:
    early = EarlyArrivals(CallConfig(max_early_parties=1))
    assert early.settled(KEY, PEER.user_id, now=0)
    assert not early.settled(KEY, STRANGER.user_id, now=0)
    assert not early.hung_up(KEY, CALLER, now=0)


def test_calls_that_are_waited_for_are_bounded_until_the_oldest_is_too_old() -> None:
    early = EarlyArrivals(CallConfig(max_early_calls=1, early_seconds=60))
    assert early.settled(KEY, US.user_id, now=0)
    assert not early.settled(OTHER_KEY, US.user_id, now=59)
    assert not early.candidates(OTHER_KEY, CALLER, (HOST,), now=59)
    assert early.settled(OTHER_KEY, US.user_id, now=60)
    assert len(early) == 1
    assert early.take(KEY, CALLER, US.party, now=60) == (False, ())


def test_what_is_too_old_is_not_taken() -> None:
    early = EarlyArrivals(CallConfig(early_seconds=60))
    early.candidates(KEY, CALLER, (HOST,), now=0)
    assert early.take(KEY, CALLER, US.party, now=60) == (False, ())
