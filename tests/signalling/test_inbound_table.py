"""A call that comes to us: each event in each state. The stories are in `test_inbound`."""

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
    By,
    CreateAnswer,
    CreateReoffer,
    EndReason,
    Established,
    IgnoreReason,
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
from voip.signalling.inbound import InboundCall
from voip.signalling.states import State

# The cells below stand for these states, in this order.
STATES = (
    State.HELD,
    State.RINGING,
    State.ANSWERING,
    State.CONNECTING,
    State.CONNECTED,
    State.ENDED,
)
PARTIES = (PEER, PEERS_OTHER, OUR_OTHER, STRANGER)

LATE = IgnoreReason.ALREADY_ANSWERED
ALIEN = IgnoreReason.WRONG_PARTY
OVER = IgnoreReason.CALL_ENDED
UNASKED = IgnoreReason.WRONG_STATE
WRONG: tuple[Cell, ...] = (ALIEN, ALIEN, ALIEN, ALIEN, ALIEN, OVER)


def ended(reason: EndReason, by: By, wire: str | None = None) -> tuple[Cell, ...]:
    """It ends in every state: it never rang, it rang, and from then on there is media to close."""
    in_media = ends(reason, by, rang=True, wire=wire)
    return (
        ends(reason, by, media=False, wire=wire),
        ends(reason, by, media=False, rang=True, wire=wire),
        in_media,
        in_media,
        in_media,
        OVER,
    )


ELSEWHERE = EndReason.ANSWERED_ELSEWHERE
ANSWERED_ELSEWHERE = ended(ELSEWHERE, By.OTHER_DEVICE)
REJECTED_ELSEWHERE = ended(EndReason.REJECTED_ELSEWHERE, By.OTHER_DEVICE)
ADDED = Then((AddCandidates(KEY, (HOST,)),))

REMOTE = [
    Row(PEER.hangup(), ended(EndReason.HANGUP, By.PEER, "user_hangup")),
    Row(PEERS_OTHER.hangup(), WRONG),
    Row(OUR_OTHER.hangup(), (*REJECTED_ELSEWHERE[:2], LATE, LATE, LATE, OVER)),
    Row(STRANGER.hangup(), WRONG),
    Row(PEER.candidates(HOST), (QUIET, QUIET, ADDED, ADDED, ADDED, OVER)),
    Row(PEERS_OTHER.candidates(HOST), WRONG),
    Row(OUR_OTHER.candidates(HOST), WRONG),
    Row(STRANGER.candidates(HOST), WRONG),
    Row(PEER.answer(), WRONG),
    Row(PEERS_OTHER.answer(), WRONG),
    Row(OUR_OTHER.answer(), (*ANSWERED_ELSEWHERE[:2], LATE, LATE, LATE, OVER)),
    Row(STRANGER.answer(), WRONG),
    Row(PEER.reject(), WRONG),
    Row(PEERS_OTHER.reject(), WRONG),
    Row(OUR_OTHER.reject(), (*REJECTED_ELSEWHERE[:2], LATE, LATE, LATE, OVER)),
    Row(STRANGER.reject(), WRONG),
    Row(PEER.select(OUR_OTHER.party), ANSWERED_ELSEWHERE),
    Row(PEER.select(US.party), (UNASKED, UNASKED, UNASKED, QUIET, QUIET, OVER)),
    Row(PEERS_OTHER.select(OUR_OTHER.party), WRONG),
    Row(OUR_OTHER.select(OUR_OTHER.party), WRONG),
    Row(STRANGER.select(OUR_OTHER.party), WRONG),
    *(Row(party.invite(), (IgnoreReason.DUPLICATE,) * 5 + (OVER,)) for party in PARTIES),
    *(
        Row(event, (UNASKED, UNASKED, UNASKED, then, then, OVER))
        for event, then in zip(in_conversation(PEER), CONVERSATION, strict=True)
    ),
    *(Row(event, WRONG) for party in PARTIES[1:] for event in in_conversation(party)),
]
"""What others say, by who says it."""


def declined(*, rang: bool, media: bool) -> Then:
    return ends(EndReason.REJECTED, By.US, first=[sends(US.reject())], rang=rang, media=media)


HANG_UP = ends(EndReason.HANGUP, By.US, first=[sends(US.hangup())], rang=True, wire="user_hangup")
DECLINED = (declined(rang=False, media=False), declined(rang=True, media=False))
ACCEPTED = Then((CreateAnswer(KEY, 0, OFFER),), State.ANSWERING)

LOCAL = [
    Row(Place(KEY), (CallExists,) * 6),
    Row(Accept(KEY), (WrongState, ACCEPTED, WrongState, WrongState, WrongState, UnknownCall)),
    Row(Reject(KEY), (*DECLINED, WrongState, WrongState, WrongState, UnknownCall)),
    Row(
        HangUp(KEY),
        (*DECLINED, declined(rang=True, media=True), HANG_UP, HANG_UP, UnknownCall),
    ),
    *(Row(wish, ((WrongState,) * 3 + (then, then, UnknownCall))) for wish, then in WISHES),
]
"""What somebody here wishes."""


def offer_ready(device: Device) -> OfferReady:
    return OfferReady(KEY, device.request_of(CreateAnswer), OFFER)


def answer_ready(device: Device) -> AnswerReady:
    return AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER)


def answer_applied(device: Device) -> AnswerApplied:
    return AnswerApplied(KEY, device.request_of(CreateAnswer))


def answer_sent(device: Device) -> Sent:
    return Sent(KEY, device.request_of("m.call.answer"))


def answer_refused(device: Device) -> SendFailed:
    return SendFailed(KEY, device.request_of("m.call.answer"), SendProblem.REFUSED)


def answer_not_sent(device: Device) -> SendFailed:
    return SendFailed(KEY, device.request_of("m.call.answer"), SendProblem.UNREACHABLE)


ANSWERED = Then(
    (sends(US.answer()), Answered(KEY, PEER.party, NO_CAPABILITIES), sends(US.candidates(END))),
    State.CONNECTING,
)
LAST_CANDIDATE = Then((sends(US.candidates(END)),))
CONNECTED = Then((Established(KEY),), State.CONNECTED)
REFUSED = ends(EndReason.SEND_REFUSED, By.FAULT, rang=True)
NOT_SENT = ends(
    EndReason.SEND_FAILED,
    By.FAULT,
    first=[sends(US.hangup("unknown_error"))],
    rang=True,
    wire="unknown_error",
)
LOST_EARLY = ends(EndReason.MEDIA_LOST, By.FAULT, first=[sends(US.reject())], rang=True)
LOST = ends(
    EndReason.MEDIA_LOST,
    By.FAULT,
    first=[sends(US.hangup("ice_timeout"))],
    rang=True,
    wire="ice_timeout",
)
NOTHING = (QUIET,) * 6
OFFERS = Then((CreateReoffer(KEY, 0, Change()),))

RESULTS = [
    Row(offer_ready, NOTHING),
    Row(answer_ready, (QUIET, QUIET, ANSWERED, QUIET, QUIET, QUIET)),
    Row(answer_applied, NOTHING),
    Row(
        LocalCandidates(KEY, (END,)),
        (QUIET, QUIET, QUIET, LAST_CANDIDATE, LAST_CANDIDATE, QUIET),
    ),
    Row(LocalStreams(KEY, {}, outdated=True), (QUIET, QUIET, QUIET, OFFERS, OFFERS, QUIET)),
    Row(MediaConnected(KEY), (QUIET, QUIET, QUIET, CONNECTED, QUIET, QUIET)),
    Row(MediaFailed(KEY, MediaProblem.LOST), (QUIET, QUIET, LOST_EARLY, LOST, LOST, QUIET)),
    Row(answer_sent, NOTHING),
    # Media that flows proves that the answer arrived, whatever became of its sending.
    Row(answer_refused, (QUIET, QUIET, QUIET, REFUSED, QUIET, QUIET)),
    Row(answer_not_sent, (QUIET, QUIET, QUIET, NOT_SENT, QUIET, QUIET)),
]
"""What the edges report."""


def test_the_tables_have_every_event() -> None:
    assert tuple(PATHS[Direction.INBOUND]) == STATES
    assert voices(REMOTE) == {
        (content.event_type, party.party) for content in CONTENTS for party in PARTIES
    }
    assert {type(row.event) for row in LOCAL} == set(get_args(LocalEvent))
    reported = {type(row.event_for(Device())) for row in RESULTS}
    assert reported == set(get_args(ResultEvent))
    assert set(InboundCall.on_remote) <= CONTENTS
    assert set(InboundCall.on_local) <= set(get_args(LocalEvent))
    assert set(InboundCall.on_result) <= set(get_args(ResultEvent))


@pytest.mark.parametrize(
    ("state", "row", "cell"), cases(Direction.INBOUND, [*REMOTE, *LOCAL, *RESULTS])
)
def test_an_event_in_a_state(state: State, row: Row, cell: Cell) -> None:
    check(Direction.INBOUND, state, row, cell)
