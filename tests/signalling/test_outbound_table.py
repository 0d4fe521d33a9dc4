"""A call that we place: each event in each state. The stories are in `test_outbound`."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.signalling.kit import (
    ANSWER,
    END,
    HOST,
    KEY,
    NO_CAPABILITIES,
    OFFER,
    OUR_OTHER,
    PATHS,
    PEER,
    PEERS_OTHER,
    STRANGER,
    US,
    Device,
    Direction,
    Remote,
    sends,
)
from tests.signalling.tables import (
    CONTENTS,
    CONVERSATION,
    QUIET,
    WISHES,
    Cell,
    Row,
    Then,
    cases,
    check,
    ends,
    in_conversation,
    voices,
)
from voip.signalling.commands import (
    AddCandidates,
    Answered,
    ApplyAnswer,
    By,
    Calling,
    CloseMedia,
    CreateOffer,
    CreateReoffer,
    EndReason,
    Established,
    IgnoreReason,
    Replaced,
)
from voip.signalling.errors import CallExists, UnknownCall, WrongState
from voip.signalling.events import (
    Accept,
    AnswerApplied,
    AnswerReady,
    Change,
    HangUp,
    LocalCandidates,
    LocalEvent,
    LocalStreams,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    OfferReady,
    Place,
    Reject,
    ResultEvent,
    SendFailed,
    SendProblem,
    Sent,
)
from voip.signalling.outbound import OutboundCall
from voip.signalling.states import State

# The cells below stand for these states, in this order.
STATES = (
    State.PREPARING,
    State.INVITING,
    State.INVITED,
    State.CONNECTING,
    State.CONNECTED,
    State.ENDED,
)
PARTIES = (PEER, PEERS_OTHER, OUR_OTHER, STRANGER)

EARLY = IgnoreReason.WRONG_STATE
LATE = IgnoreReason.ALREADY_ANSWERED
ALIEN = IgnoreReason.WRONG_PARTY
OVER = IgnoreReason.CALL_ENDED
KNOWN = IgnoreReason.DUPLICATE
WRONG: tuple[Cell, ...] = (ALIEN, ALIEN, ALIEN, ALIEN, ALIEN, OVER)


def chosen(party: Remote) -> Then:
    """The answer of this party is taken."""
    told = (
        sends(US.select(party.party)),
        ApplyAnswer(KEY, 0, ANSWER),
        Answered(KEY, party.party, NO_CAPABILITIES),
    )
    return Then(told, State.CONNECTING)


def declined(party: Remote) -> Then:
    return ends(EndReason.REJECTED, By.PEER, first=[sends(US.select(party.party))])


def gave_up(party: Remote) -> Then:
    """A hangup before any answer is a reject that has a reason."""
    select = sends(US.select(party.party))
    return ends(EndReason.HANGUP, By.PEER, first=[select], wire="user_hangup")


def gives_way(party: Remote) -> Then:
    """Its call goes on instead of ours, under the same id."""
    return Then((CloseMedia(KEY), Replaced(KEY, KEY, party.party)), State.HELD)


HUNG_UP = ends(EndReason.HANGUP, By.PEER, wire="user_hangup")
ADDED = Then((AddCandidates(KEY, (HOST,)),))

REMOTE = [
    Row(PEER.answer(), (EARLY, chosen(PEER), chosen(PEER), LATE, LATE, OVER)),
    Row(PEERS_OTHER.answer(), (EARLY, chosen(PEERS_OTHER), chosen(PEERS_OTHER), LATE, LATE, OVER)),
    Row(OUR_OTHER.answer(), WRONG),
    Row(STRANGER.answer(), WRONG),
    Row(PEER.reject(), (EARLY, declined(PEER), declined(PEER), LATE, LATE, OVER)),
    Row(
        PEERS_OTHER.reject(),
        (EARLY, declined(PEERS_OTHER), declined(PEERS_OTHER), LATE, LATE, OVER),
    ),
    Row(OUR_OTHER.reject(), WRONG),
    Row(STRANGER.reject(), WRONG),
    Row(PEER.hangup(), (EARLY, gave_up(PEER), gave_up(PEER), HUNG_UP, HUNG_UP, OVER)),
    Row(
        PEERS_OTHER.hangup(),
        (EARLY, gave_up(PEERS_OTHER), gave_up(PEERS_OTHER), ALIEN, ALIEN, OVER),
    ),
    Row(OUR_OTHER.hangup(), WRONG),
    Row(STRANGER.hangup(), WRONG),
    Row(PEER.candidates(HOST), (QUIET, QUIET, QUIET, ADDED, ADDED, OVER)),
    Row(PEERS_OTHER.candidates(HOST), (QUIET, QUIET, QUIET, ALIEN, ALIEN, OVER)),
    Row(OUR_OTHER.candidates(HOST), WRONG),
    Row(STRANGER.candidates(HOST), WRONG),
    *(Row(party.select(US.party), WRONG) for party in PARTIES),
    *(
        # Glare with equal ids: our user id is the greater.
        Row(party.invite(), (*(gives_way(party),) * 3, KNOWN, KNOWN, OVER))
        for party in (PEER, PEERS_OTHER)
    ),
    *(Row(party.invite(), (KNOWN,) * 5 + (OVER,)) for party in (OUR_OTHER, STRANGER)),
    *(
        Row(event, (EARLY, EARLY, EARLY, then, then, OVER))
        for event, then in zip(in_conversation(PEER), CONVERSATION, strict=True)
    ),
    *(
        Row(event, (EARLY, EARLY, EARLY, ALIEN, ALIEN, OVER))
        for party in PARTIES[1:]
        for event in in_conversation(party)
    ),
]
"""What others say, by who says it."""

HANG_UP = ends(
    EndReason.HANGUP, By.US, first=[sends(US.hangup())], wire="user_hangup"
)  # the other side knows of the call
NEVER: tuple[Cell, ...] = (WrongState,) * 5 + (UnknownCall,)

LOCAL = [
    Row(Place(KEY), (CallExists,) * 6),
    Row(Accept(KEY), NEVER),
    Row(Reject(KEY), NEVER),
    Row(
        HangUp(KEY),
        (
            ends(EndReason.HANGUP, By.US),
            HANG_UP,
            HANG_UP,
            HANG_UP,
            HANG_UP,
            UnknownCall,
        ),
    ),
    *(Row(wish, ((WrongState,) * 3 + (then, then, UnknownCall))) for wish, then in WISHES),
]
"""What somebody here wishes."""


def offer_ready(device: Device) -> OfferReady:
    return OfferReady(KEY, device.request_of(CreateOffer), OFFER)


def answer_ready(device: Device) -> AnswerReady:
    return AnswerReady(KEY, device.request_of(CreateOffer), ANSWER)


def answer_applied(device: Device) -> AnswerApplied:
    return AnswerApplied(KEY, device.request_of(CreateOffer) + 100)


def invite_sent(device: Device) -> Sent:
    return Sent(KEY, device.request_of("m.call.invite"))


def invite_refused(device: Device) -> SendFailed:
    return SendFailed(KEY, invite_sent(device).request, SendProblem.REFUSED)


def invite_not_sent(device: Device) -> SendFailed:
    return SendFailed(KEY, invite_sent(device).request, SendProblem.UNREACHABLE)


INVITED = Then(
    (sends(US.invite(lifetime=90.0, invitee=PEER.user_id)), sends(US.candidates(END))),
    State.INVITING,
)
LAST_CANDIDATE = Then((sends(US.candidates(END)),))
REFUSED = ends(EndReason.SEND_REFUSED, By.FAULT)
NOT_SENT = ends(
    EndReason.SEND_FAILED,
    By.FAULT,
    first=[sends(US.hangup("unknown_error"))],
    wire="unknown_error",
)
LOST = ends(
    EndReason.MEDIA_LOST, By.FAULT, first=[sends(US.hangup("ice_timeout"))], wire="ice_timeout"
)
NOTHING = (QUIET,) * 6
OFFERS = Then((CreateReoffer(KEY, 0, Change()),))

RESULTS = [
    Row(offer_ready, (INVITED, *NOTHING[1:])),
    Row(answer_ready, NOTHING),
    Row(answer_applied, NOTHING),
    Row(
        LocalCandidates(KEY, (END,)),
        (QUIET, LAST_CANDIDATE, LAST_CANDIDATE, LAST_CANDIDATE, LAST_CANDIDATE, QUIET),
    ),
    Row(LocalStreams(KEY, {}, outdated=True), (QUIET, QUIET, QUIET, OFFERS, OFFERS, QUIET)),
    Row(
        MediaConnected(KEY),
        (QUIET, QUIET, QUIET, Then((Established(KEY),), State.CONNECTED), QUIET, QUIET),
    ),
    Row(
        MediaFailed(KEY, MediaProblem.LOST),
        (ends(EndReason.MEDIA_LOST, By.FAULT), LOST, LOST, LOST, LOST, QUIET),
    ),
    Row(invite_sent, (QUIET, Then((Calling(KEY),), State.INVITED), *NOTHING[2:])),
    Row(invite_refused, (QUIET, REFUSED, REFUSED, QUIET, QUIET, QUIET)),
    Row(invite_not_sent, (QUIET, NOT_SENT, NOT_SENT, QUIET, QUIET, QUIET)),
]
"""What the edges report."""


def test_the_tables_have_every_event() -> None:
    assert tuple(PATHS[Direction.OUTBOUND]) == STATES
    assert voices(REMOTE) == {
        (content.event_type, party.party) for content in CONTENTS for party in PARTIES
    }
    assert {type(row.event) for row in LOCAL} == set(get_args(LocalEvent))
    reported = {type(row.event_for(Device())) for row in RESULTS}
    assert reported == set(get_args(ResultEvent))
    assert set(OutboundCall.on_remote) <= CONTENTS
    assert set(OutboundCall.on_local) <= set(get_args(LocalEvent))
    assert set(OutboundCall.on_result) <= set(get_args(ResultEvent))


@pytest.mark.parametrize(
    ("state", "row", "cell"), cases(Direction.OUTBOUND, [*REMOTE, *LOCAL, *RESULTS])
)
def test_an_event_in_a_state(state: State, row: Row, cell: Cell) -> None:
    check(Direction.OUTBOUND, state, row, cell)
