"""What comes before its time is kept by party, bounded in count and age."""

from __future__ import annotations

from tests.signalling.kit import HOST, KEY, PEER, PEERS_OTHER, RELAY, ROOM, STRANGER, US
from voip.signalling.config import CallConfig
from voip.signalling.early import EarlyArrivals, EarlyCandidates
from voip.signalling.ids import CallKey

OTHER_KEY = CallKey(ROOM, "other")


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
    assert early.candidates(KEY, PEER.party, (HOST,), now=0)
    assert early.take(KEY, PEER.party, US.party, now=1) == (False, (HOST,))
    assert early.take(KEY, PEER.party, US.party, now=1) == (False, ())
    assert len(early) == 0


def test_the_caller_and_we_ourselves_may_end_a_call_early() -> None:
    for ender, over in ((PEER, True), (PEERS_OTHER, True), (US, True), (STRANGER, False)):
        early = EarlyArrivals(CallConfig())
        assert early.over(KEY, ender.user_id, now=0)
        assert early.take(KEY, PEER.party, US.party, now=1) == (over, ())


def test_who_ended_it_early_is_bounded() -> None:
    early = EarlyArrivals(CallConfig(max_early_parties=1))
    assert early.over(KEY, PEER.user_id, now=0)
    assert not early.over(KEY, STRANGER.user_id, now=0)


def test_calls_that_are_waited_for_are_bounded_until_the_oldest_is_too_old() -> None:
    early = EarlyArrivals(CallConfig(max_early_calls=1, early_seconds=60))
    assert early.over(KEY, PEER.user_id, now=0)
    assert not early.over(OTHER_KEY, PEER.user_id, now=59)
    assert not early.candidates(OTHER_KEY, PEER.party, (HOST,), now=59)
    assert early.over(OTHER_KEY, PEER.user_id, now=60)
    assert len(early) == 1
    assert early.take(KEY, PEER.party, US.party, now=60) == (False, ())


def test_what_is_too_old_is_not_taken() -> None:
    early = EarlyArrivals(CallConfig(early_seconds=60))
    early.candidates(KEY, PEER.party, (HOST,), now=0)
    assert early.take(KEY, PEER.party, US.party, now=60) == (False, ())
