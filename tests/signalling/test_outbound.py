"""A call that we place: who may answer it, candidates, races.

The table of all events is in `test_outbound_table`.
"""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    ANSWER,
    END,
    HOST,
    KEY,
    LIVE,
    NO_CAPABILITIES,
    OFFER,
    OUR_OTHER,
    PEER,
    PEERS_OTHER,
    RELAY,
    STRANGER,
    US,
    Device,
    Direction,
    Item,
    Remote,
    of_type,
    outbound_in,
    plain,
    sends,
    why,
)
from voip.signalling.commands import (
    AddCandidates,
    Answered,
    ApplyAnswer,
    CreateOffer,
    Ended,
    EndReason,
    Ignored,
    IgnoreReason,
    SendEvent,
)
from voip.signalling.config import CallConfig
from voip.signalling.events import (
    HangUp,
    LocalCandidates,
    MediaFailed,
    MediaProblem,
    MemberLeft,
    OfferReady,
    Place,
    ResultEvent,
    SendFailed,
    SendProblem,
    Sent,
)
from voip.signalling.ice import Candidate
from voip.signalling.states import State


def offer_ready(device: Device, *, complete: bool = True) -> OfferReady:
    return OfferReady(KEY, device.request_of(CreateOffer), OFFER, complete)


def invite_sent(device: Device) -> Sent:
    return Sent(KEY, device.request_of("m.call.invite"))


def chosen(party: Remote) -> list[Item]:
    """What follows when the answer of this party is the first."""
    return [
        sends(US.select(party.party)),
        ApplyAnswer(KEY, 0, ANSWER),
        Answered(KEY, party.party, NO_CAPABILITIES),
    ]


@pytest.mark.parametrize(
    "state", [state for direction, state in LIVE if direction is Direction.OUTBOUND]
)
@pytest.mark.parametrize(
    "stale",
    [
        OfferReady(KEY, 10_000, OFFER),
        Sent(KEY, 10_000),
        SendFailed(KEY, 10_000, SendProblem.REFUSED),
        MediaFailed(KEY, MediaProblem.INTERNAL, 10_000),
    ],
)
def test_the_result_of_another_request_changes_nothing(state: State, stale: ResultEvent) -> None:
    device = outbound_in(state)
    assert device.handle(stale) == []
    assert device.state() is state


def test_placing_opens_media_and_keeps_the_wish_for_video() -> None:
    assert plain(Device().handle(Place(KEY, video=True))) == [CreateOffer(KEY, 0, video=True)]


# --- who may answer -------------------------------------------------------------------------


def ringing_for_all(invitee: str | None = None) -> Device:
    device = Device()
    device.handle(Place(KEY, invitee))
    device.handle(offer_ready(device))
    return device


def test_without_an_invitee_anybody_in_the_room_but_us_may_answer() -> None:
    assert plain(ringing_for_all().handle(STRANGER.answer())) == chosen(STRANGER)
    assert ringing_for_all().handle(OUR_OTHER.answer()) == [
        Ignored(KEY.room_id, US.user_id, "m.call.answer", IgnoreReason.WRONG_PARTY)
    ]


def test_without_an_invitee_the_invite_names_none() -> None:
    device = ringing_for_all()
    assert sends(US.invite(lifetime=90.0)) in plain(device.log)


def test_calling_ourselves_is_answered_by_another_device_of_ours() -> None:
    assert plain(ringing_for_all(US.user_id).handle(OUR_OTHER.answer())) == chosen(OUR_OTHER)


def test_our_own_echo_is_told_by_the_party() -> None:
    device = outbound_in(State.INVITING)
    assert why(device.handle(US.invite())) == [IgnoreReason.OWN_ECHO]


# --- candidates before the choice -----------------------------------------------------------


def test_candidates_wait_by_party_until_one_answers() -> None:
    device = outbound_in(State.INVITED)
    device.handle(PEERS_OTHER.candidates(RELAY))
    device.handle(PEER.candidates(HOST))
    device.handle(PEER.candidates(END))
    told = device.handle(PEER.answer())
    assert [type(item) for item in told] == [SendEvent, ApplyAnswer, AddCandidates, Answered]
    assert of_type(told, AddCandidates) == [AddCandidates(KEY, (HOST, END))]


def test_candidates_before_the_choice_are_bounded() -> None:
    config = CallConfig(max_early_parties=2, max_early_candidates=3)
    device = outbound_in(State.INVITED, config)
    device.handle(PEER.candidates(HOST, HOST))
    ignored = [
        why(device.handle(event))
        for event in (
            PEER.candidates(RELAY, RELAY),  # one of them fits
            PEERS_OTHER.candidates(HOST),
            Remote(PEER.user_id, "THIRD").candidates(HOST),
        )
    ]
    assert ignored == [
        [IgnoreReason.TOO_MANY],
        [],
        [IgnoreReason.TOO_MANY],
    ]
    told = device.handle(PEER.answer())
    assert of_type(told, AddCandidates) == [AddCandidates(KEY, (HOST, HOST, RELAY))]


def test_candidates_after_their_end_still_reach_the_media() -> None:
    device = outbound_in(State.CONNECTED)
    device.handle(PEER.candidates(END))
    assert device.handle(PEER.candidates(RELAY)) == [AddCandidates(KEY, (RELAY,))]


def test_a_batch_without_a_usable_candidate_asks_nothing_of_the_media() -> None:
    device = outbound_in(State.CONNECTED)
    assert device.handle(PEER.candidates(Candidate("candidate:1 1 udp 1 192.0.2.1 1"))) == []


# --- candidates of ours ---------------------------------------------------------------------


def test_candidates_gathered_after_the_offer_are_batched_for_two_seconds() -> None:
    device = Device()
    device.handle(Place(KEY))
    device.handle(LocalCandidates(KEY, (HOST,)))
    device.handle(offer_ready(device, complete=False))
    assert device.wait(1.9) == []
    device.handle(LocalCandidates(KEY, (RELAY,)))
    assert plain(device.wait(0.2)) == [sends(US.candidates(HOST, RELAY))]


def test_the_end_of_candidates_is_not_kept_waiting() -> None:
    device = outbound_in(State.INVITING)
    device.handle(LocalCandidates(KEY, (HOST,)))
    assert plain(device.handle(LocalCandidates(KEY, (END,)))) == [sends(US.candidates(HOST, END))]


def test_candidates_that_wait_are_dropped_when_the_call_ends() -> None:
    device = outbound_in(State.INVITING)
    device.handle(LocalCandidates(KEY, (HOST,)))
    device.handle(HangUp(KEY))
    assert device.wait(60) == []


# --- races ----------------------------------------------------------------------------------


def test_of_two_answers_the_first_is_chosen() -> None:
    device = outbound_in(State.INVITED)
    assert plain(device.handle(PEERS_OTHER.answer())) == chosen(PEERS_OTHER)
    assert why(device.handle(PEER.answer())) == [IgnoreReason.ALREADY_ANSWERED]
    assert device.handle(PEERS_OTHER.candidates(HOST)) == [AddCandidates(KEY, (HOST,))]


def test_a_reject_that_races_an_answer_loses() -> None:
    device = outbound_in(State.INVITED)
    device.handle(PEERS_OTHER.answer())
    assert why(device.handle(PEER.reject())) == [IgnoreReason.ALREADY_ANSWERED]
    assert device.state() is State.CONNECTING


def test_an_answer_that_races_a_reject_comes_too_late() -> None:
    device = outbound_in(State.INVITED)
    device.handle(PEER.reject())
    assert why(device.handle(PEERS_OTHER.answer())) == [IgnoreReason.CALL_ENDED]


def test_an_answer_may_overtake_the_homeservers_word_that_it_took_the_invite() -> None:
    device = outbound_in(State.INVITING)
    device.handle(PEER.answer())
    assert device.handle(invite_sent(device)) == []
    assert device.state() is State.CONNECTING


def test_an_answer_that_cannot_be_used_ends_the_call() -> None:
    device = outbound_in(State.CONNECTING)
    request = device.request_of(ApplyAnswer)
    device.handle(MediaFailed(KEY, MediaProblem.BAD_DESCRIPTION, request))
    assert device.last(Ended).reason is EndReason.BAD_DESCRIPTION


def test_an_old_offers_failure_is_no_failure_of_the_answer() -> None:
    device = outbound_in(State.CONNECTING)
    request = device.request_of(CreateOffer)
    assert device.handle(MediaFailed(KEY, MediaProblem.INTERNAL, request)) == []


def test_the_lifetime_counts_from_when_the_homeserver_took_the_invite() -> None:
    device = outbound_in(State.INVITING)
    device.wait(80)
    device.handle(invite_sent(device))
    device.wait(80)
    assert device.state() is State.INVITED


# --- who else can end it --------------------------------------------------------------------


def test_a_hangup_before_a_choice_is_a_reject_that_has_a_reason() -> None:
    """Version 0 clients have no reject; the callee's other devices stop ringing all the same."""
    device = outbound_in(State.INVITED)
    told = plain(device.handle(PEERS_OTHER.hangup("user_media_failed")))
    assert of_type(told, SendEvent) == [sends(US.select(PEERS_OTHER.party))]
    ended = device.last(Ended)
    assert (ended.reason, ended.wire_reason) == (EndReason.PEER_FAILED, "user_media_failed")


def test_without_an_invitee_a_member_who_leaves_ends_nothing() -> None:
    device = ringing_for_all()
    assert device.handle(MemberLeft(KEY.room_id, PEER.user_id)) == []
    device.handle(STRANGER.answer())
    assert device.handle(MemberLeft(KEY.room_id, PEER.user_id)) == []
    device.handle(MemberLeft(KEY.room_id, STRANGER.user_id))
    assert device.last(Ended).reason is EndReason.LEFT_ROOM
