"""Two call each other at the same time: one call stays, the same on both sides."""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    ANSWER,
    END,
    HOST,
    OFFER,
    OUR_OTHER,
    PEER,
    PEERS_OTHER,
    ROOM,
    STRANGER,
    US,
    Device,
    Remote,
    at,
    of_type,
    plain,
    sends,
    why,
)
from tests.signalling.talk import OFFERS, negotiate
from voip.signalling.commands import (
    AddCandidates,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    CreateReoffer,
    Ended,
    IgnoreReason,
    Incoming,
    Replaced,
    SendEvent,
)
from voip.signalling.config import CallConfig
from voip.signalling.events import (
    Accept,
    AnswerReady,
    Change,
    OfferReady,
    Place,
    Received,
    Renegotiate,
    Sent,
    SyncComplete,
)
from voip.signalling.ids import CallKey
from voip.signalling.states import State

OURS = CallKey(ROOM, "call-m")
LESSER = PEER.of(CallKey(ROOM, "call-a"))
GREATER = PEER.of(CallKey(ROOM, "call-z"))


def calling(state: State, invitee: str | None = PEER.user_id, us: Remote = US) -> Device:
    device = Device(us.party)
    device.handle(Place(OURS, invitee))
    if state is not State.PREPARING:
        device.handle(OfferReady(OURS, device.request_of(CreateOffer, OURS), OFFER))
    if state is State.INVITED:
        device.handle(Sent(OURS, device.request_of("m.call.invite", OURS)))
    assert device.state(OURS) is state
    return device


SENT = [State.INVITING, State.INVITED]


@pytest.mark.parametrize("theirs", [LESSER, GREATER])
def test_while_ours_is_prepared_theirs_is_answered(theirs: Remote) -> None:
    device = calling(State.PREPARING)
    told = device.handle(theirs.invite())
    assert told == [CloseMedia(OURS), Replaced(OURS, theirs.key, PEER.party)]
    assert device.state(OURS) is State.ENDED
    assert plain(device.handle(SyncComplete())) == [CreateAnswer(theirs.key, 0, OFFER)]
    late = OfferReady(OURS, device.request_of(CreateOffer, OURS), OFFER)
    assert device.handle(late) == []


@pytest.mark.parametrize("state", SENT)
def test_of_two_that_are_sent_the_lesser_id_stays(state: State) -> None:
    device = calling(state)
    assert why(device.handle(GREATER.invite())) == [IgnoreReason.GLARE]
    assert device.state(OURS) is state
    assert why(device.handle(GREATER.candidates(HOST))) == [IgnoreReason.CALL_ENDED]
    assert device.handle(SyncComplete()) == []

    device = calling(state)
    told = device.handle(LESSER.invite())
    # The peer ignores our call by the same rule; its other devices are still ringing.
    assert plain(told) == [
        sends(US.of(OURS).hangup()),
        CloseMedia(OURS),
        Replaced(OURS, LESSER.key, PEER.party),
    ]
    assert plain(device.handle(SyncComplete())) == [CreateAnswer(LESSER.key, 0, OFFER)]


def test_the_call_that_stays_is_answered_without_ringing() -> None:
    device = calling(State.INVITED)
    device.handle(LESSER.invite())
    device.handle(SyncComplete())
    request = device.request_of(CreateAnswer, LESSER.key)
    told = device.handle(AnswerReady(LESSER.key, request, ANSWER))
    assert plain(of_type(told, SendEvent)) == [
        sends(US.of(LESSER.key).answer()),
        sends(US.of(LESSER.key).candidates(END)),
    ]
    assert of_type(device.log, Incoming) == []


def test_the_call_that_stays_may_be_over_within_its_sync() -> None:
    device = calling(State.INVITED)
    device.handle(LESSER.invite())
    told = device.handle(LESSER.hangup())
    assert [ended.key for ended in of_type(told, Ended)] == [LESSER.key]
    assert device.handle(SyncComplete()) == []
    assert len(device.calls) == 0


def test_candidates_that_came_before_and_after_the_invite_follow_it() -> None:
    device = calling(State.INVITED)
    device.handle(LESSER.candidates(HOST))
    device.handle(LESSER.invite())
    device.handle(LESSER.candidates(END))
    told = device.handle(SyncComplete())
    assert of_type(told, AddCandidates) == [AddCandidates(LESSER.key, (HOST, END))]


def test_whoever_gave_way_is_polite() -> None:
    device = calling(State.INVITED)
    device.handle(LESSER.invite())
    device.handle(SyncComplete())
    device.handle(AnswerReady(LESSER.key, device.request_of(CreateAnswer, LESSER.key), ANSWER))
    device.handle(Renegotiate(LESSER.key, Change(hold=True)))
    request = device.request_of(CreateReoffer, LESSER.key)
    told = plain(device.handle(OfferReady(LESSER.key, request, OFFER)))
    assert [item.content for item in of_type(told, SendEvent)] == [
        dict(OFFERS.content) | {"call_id": LESSER.key.call_id}
    ]
    assert why(device.handle(negotiate("offer", by=LESSER))) == []


# --- equal ids ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", SENT)
def test_with_equal_ids_the_lesser_party_stays_the_caller(state: State) -> None:
    assert PEER.party < US.party
    device = calling(state)
    told = device.handle(PEER.of(OURS).invite())
    # No hangup: under this id it would end the call that stays.
    assert told == [CloseMedia(OURS), Replaced(OURS, OURS, PEER.party)]
    assert device.state(OURS) is State.HELD
    assert plain(device.handle(SyncComplete())) == [CreateAnswer(OURS, 0, OFFER)]

    device = calling(state, US.user_id, us=PEER)
    assert why(device.handle(US.of(OURS).invite())) == [IgnoreReason.GLARE]
    assert device.state(OURS) is state
    device.handle(US.of(OURS).answer())
    assert device.state(OURS) is State.CONNECTING


def test_an_expired_invite_of_the_same_id_changes_nothing() -> None:
    device = calling(State.INVITED)
    assert why(device.handle(at(PEER.of(OURS).invite(), age=100.0))) == [IgnoreReason.EXPIRED]
    assert device.state(OURS) is State.INVITED


# --- with whom ------------------------------------------------------------------------------


@pytest.mark.parametrize("theirs", [LESSER, STRANGER.of(LESSER.key)])
def test_a_call_without_invitee_is_crossed_by_anybodys(theirs: Remote) -> None:
    device = calling(State.INVITED, invitee=None)
    assert Replaced(OURS, theirs.key, theirs.party) in device.handle(theirs.invite())


def test_with_oneself() -> None:
    device = calling(State.INVITED, US.user_id)
    theirs = OUR_OTHER.of(LESSER.key)
    told = device.handle(theirs.invite(invitee=US.user_id))
    assert Replaced(OURS, theirs.key, OUR_OTHER.party) in told
    device = calling(State.INVITED, US.user_id)
    theirs = OUR_OTHER.of(GREATER.key)
    assert why(device.handle(theirs.invite(invitee=US.user_id))) == [IgnoreReason.GLARE]


def test_a_device_of_the_invitee_that_is_not_the_first_counts_too() -> None:
    device = calling(State.INVITED)
    theirs = PEERS_OTHER.of(LESSER.key)
    assert Replaced(OURS, theirs.key, PEERS_OTHER.party) in device.handle(theirs.invite())


@pytest.mark.parametrize(
    ("invite", "reason"),
    [
        (STRANGER.of(LESSER.key).invite(), None),
        (at(LESSER.of(CallKey("!other:example.org", "call-a")).invite()), None),
        (LESSER.invite(invitee=STRANGER.user_id), IgnoreReason.NOT_FOR_US),
        (OUR_OTHER.of(LESSER.key).invite(), IgnoreReason.OWN_CALL),
    ],
    ids=["another caller", "another room", "for somebody else", "from a device of ours"],
)
def test_what_is_no_glare(invite: Received, reason: IgnoreReason | None) -> None:
    device = calling(State.INVITED)
    assert why(device.handle(invite)) == ([reason] if reason else [])
    assert device.state(OURS) is State.INVITED


def test_once_ours_is_answered_another_call_rings() -> None:
    device = calling(State.INVITED)
    device.handle(PEER.of(OURS).answer())
    device.handle(LESSER.invite())
    assert of_type(device.handle(SyncComplete()), Incoming)
    assert device.state(OURS) is State.CONNECTING


def test_what_replaces_a_call_of_ours_takes_no_place_of_those_that_ring() -> None:
    device = Device(config=CallConfig(max_unanswered=1))
    device.handle(STRANGER.of(CallKey(ROOM, "first")).invite())
    device.handle(Place(OURS, PEER.user_id))
    told = device.handle(LESSER.invite())
    assert Replaced(OURS, LESSER.key, PEER.party) in told


def test_another_call_of_the_room_that_ends_leaves_ours_to_be_crossed() -> None:
    device = Device()
    other = STRANGER.of(CallKey(ROOM, "other"))
    device.handle(Place(OURS, PEER.user_id))
    device.handle(OfferReady(OURS, device.request_of(CreateOffer, OURS), OFFER))
    device.handle(other.invite())
    device.handle(other.hangup())
    assert why(device.handle(GREATER.invite())) == [IgnoreReason.GLARE]


def test_of_two_calls_of_ours_in_a_room_each_is_crossed_by_its_invitee() -> None:
    device = calling(State.INVITED)
    second = CallKey(ROOM, "call-n")
    device.handle(Place(second, STRANGER.user_id))
    assert Replaced(second, LESSER.key, STRANGER.party) in device.handle(
        STRANGER.of(LESSER.key).invite()
    )
    assert device.state(OURS) is State.INVITED
    assert why(device.handle(GREATER.invite())) == [IgnoreReason.GLARE]


# --- placing while it rings -----------------------------------------------------------------


def test_calling_who_is_calling_us_is_answering() -> None:
    device = Device()
    device.handle(GREATER.invite())
    device.handle(SyncComplete())
    told = device.handle(Place(OURS, PEER.user_id))
    assert plain(told) == [
        CreateOffer(OURS, 0, video=False),
        CloseMedia(OURS),
        Replaced(OURS, GREATER.key, PEER.party),
        CreateAnswer(GREATER.key, 0, OFFER),
    ]
    assert device.state(GREATER.key) is State.ANSWERING
    assert device.state(OURS) is State.ENDED


def test_calling_whose_invite_is_held_is_answering_after_its_sync() -> None:
    device = Device()
    device.handle(GREATER.invite())
    device.handle(Place(OURS, PEER.user_id))
    assert plain(device.handle(SyncComplete())) == [CreateAnswer(GREATER.key, 0, OFFER)]


def test_calling_somebody_else_leaves_the_ringing_call() -> None:
    device = Device()
    device.handle(GREATER.invite())
    device.handle(SyncComplete())
    device.handle(Place(OURS, STRANGER.user_id))
    assert device.state(GREATER.key) is State.RINGING
    assert device.state(OURS) is State.PREPARING
    assert plain(device.handle(Accept(GREATER.key))) == [CreateAnswer(GREATER.key, 0, OFFER)]
