"""Renegotiation: its stories. The table of all events is in `test_negotiation_table`."""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    ANSWER,
    END,
    KEY,
    OFFER,
    OUR_OTHER,
    PEER,
    PEERS_OTHER,
    RELAY,
    STRANGER,
    US,
    Device,
    Direction,
    Remote,
    at,
    bring,
    device_in,
    of_type,
    outbound_in,
    plain,
    sends,
    why,
)
from tests.signalling.talk import (
    ANSWERS,
    HOLD,
    IMPOLITE,
    OFFERS,
    POLITE,
    STEPS,
    VIDEO,
    negotiate,
    standing,
    talking,
)
from voip.signalling.commands import (
    ApplyAnswer,
    CloseMedia,
    CreateReanswer,
    CreateReoffer,
    IgnoreReason,
    NegotiationFailed,
    Renegotiated,
    Rollback,
)
from voip.signalling.events import (
    AnswerReady,
    Change,
    HangUp,
    LocalCandidates,
    MediaFailed,
    MediaProblem,
    OfferReady,
    Renegotiate,
    SendFailed,
    SendProblem,
)
from voip.signalling.ids import CallKey
from voip.signalling.states import Move, Negotiating, State

SIDES = pytest.mark.parametrize("side", [IMPOLITE, POLITE], ids=["impolite", "polite"])
SECOND = OFFER + "a=x-second\r\n"


def settle(device: Device, *moves: Move) -> None:
    for move in moves:
        device.handle(STEPS[move](device))


# --- one at a time --------------------------------------------------------------------------


@SIDES
def test_changes_that_wait_are_folded_into_one(side: Direction) -> None:
    device = talking(side, Negotiating.OFFERED)
    for change in (VIDEO, Change(hold=False), Change(restart_ice=True), Change(video=False)):
        assert device.handle(Renegotiate(KEY, change)) == []
    settle(device, Move.ANSWER_RECEIVED)
    told = device.handle(STEPS[Move.ANSWER_APPLIED](device))
    folded = Change(hold=False, video=False, restart_ice=True)
    assert plain(told) == [Renegotiated(KEY), CreateReoffer(KEY, 0, folded)]


@SIDES
def test_a_change_waits_for_the_answer_that_is_being_made(side: Direction) -> None:
    device = talking(side, Negotiating.ANSWERING)
    device.handle(Renegotiate(KEY, VIDEO))
    told = device.handle(STEPS[Move.ANSWER_READY](device))
    assert plain(told) == [ANSWERS, Renegotiated(KEY), CreateReoffer(KEY, 0, VIDEO)]


@SIDES
def test_a_newer_offer_of_the_peer_replaces_the_one_being_answered(side: Direction) -> None:
    """Its sender gave the first up, and would take our answer to it for one to the second."""
    device = talking(side, Negotiating.ANSWERING)
    for sdp in (SECOND.replace("second", "lost"), SECOND):
        assert device.handle(negotiate("offer", sdp)) == []
    told = device.handle(STEPS[Move.ANSWER_READY](device))
    assert plain(told) == [CreateReanswer(KEY, 0, SECOND)]
    told = device.handle(STEPS[Move.ANSWER_READY](device))
    assert plain(told) == [ANSWERS, Renegotiated(KEY)]


@SIDES
def test_an_offer_that_comes_while_an_answer_is_applied_has_its_turn(side: Direction) -> None:
    device = talking(side, Negotiating.APPLYING)
    device.handle(Renegotiate(KEY, VIDEO))
    assert device.handle(negotiate("offer")) == []
    told = device.handle(STEPS[Move.ANSWER_APPLIED](device))
    assert plain(told) == [Renegotiated(KEY), CreateReanswer(KEY, 0, OFFER)]
    told = device.handle(STEPS[Move.ANSWER_READY](device))
    assert plain(told) == [ANSWERS, Renegotiated(KEY), CreateReoffer(KEY, 0, VIDEO)]


def test_an_offer_while_the_first_answer_is_applied_follows_it() -> None:
    """The callee may renegotiate as soon as it has answered; media take both in order."""
    device = outbound_in(State.CONNECTING)
    assert plain(device.handle(negotiate("offer"))) == [CreateReanswer(KEY, 0, OFFER)]
    assert device.state() is State.CONNECTING


def test_an_offer_before_our_first_answer_is_ignored() -> None:
    device = device_in(POLITE, State.ANSWERING)
    assert why(device.handle(negotiate("offer"))) == [IgnoreReason.WRONG_STATE]


@SIDES
def test_candidates_after_a_later_description_are_sent_as_after_the_first(side: Direction) -> None:
    """What was gathered in time is in the description, with `a=end-of-candidates`."""
    device = talking(side, Negotiating.OFFERING)
    assert plain(device.handle(STEPS[Move.OFFER_READY](device))) == [OFFERS]
    told = device.handle(LocalCandidates(KEY, (RELAY, END)))
    assert plain(told) == [sends(US.candidates(RELAY, END))]


def restart(number: int) -> str:
    return f"{OFFER}a=ice-ufrag:U{number}\r\n"


ENDS = sends(US.candidates(END))


@SIDES
@pytest.mark.parametrize("complete", [True, False])
def test_a_restart_that_we_offer_has_an_end_of_its_candidates(
    side: Direction, complete: bool
) -> None:
    """A description that has all of them is followed by their end; else they come first."""
    device = talking(side)
    for number in range(2):
        device.handle(Renegotiate(KEY, Change(restart_ice=True)))
        request = device.request_of(CreateReoffer)
        told = device.handle(OfferReady(KEY, request, restart(number), complete))
        offer = sends(negotiate("offer", restart(number), by=US))
        assert plain(told) == [offer] + [ENDS] * complete
        if not complete:
            told = device.handle(LocalCandidates(KEY, (RELAY, END)))
            assert plain(told) == [sends(US.candidates(RELAY, END))]
        settle(device, Move.ANSWER_RECEIVED, Move.ANSWER_APPLIED)


@SIDES
def test_so_has_one_that_we_answer_and_what_is_no_restart_has_none(side: Direction) -> None:
    device = talking(side)
    for number, ends in ((0, 1), (0, 0), (1, 1)):
        device.handle(negotiate("offer"))
        request = device.request_of(CreateReanswer)
        told = device.handle(AnswerReady(KEY, request, restart(number)))
        answer = sends(negotiate("answer", restart(number), by=US))
        assert plain(told) == [answer, Renegotiated(KEY)] + [ENDS] * ends


@SIDES
def test_an_answer_that_is_not_sent_has_no_end_either(side: Direction) -> None:
    device = talking(side, Negotiating.ANSWERING)
    device.handle(negotiate("offer", SECOND))
    request = device.request_of(CreateReanswer)
    told = device.handle(AnswerReady(KEY, request, restart(0)))
    assert plain(told) == [CreateReanswer(KEY, 0, SECOND)]


# --- both at once ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", [Negotiating.OFFERING, Negotiating.OFFERED])
def test_the_polite_side_gives_way_and_offers_again(state: Negotiating) -> None:
    device = talking(POLITE, state)
    device.handle(Renegotiate(KEY, VIDEO))
    late = STEPS[Move.OFFER_READY](device)
    assert plain(device.handle(negotiate("offer"))) == [CreateReanswer(KEY, 0, OFFER)]
    assert device.handle(late) == []  # the offer that was being made is of no use now
    told = device.handle(STEPS[Move.ANSWER_READY](device))
    again = CreateReoffer(KEY, 0, HOLD.and_then(VIDEO))
    assert plain(told) == [ANSWERS, Renegotiated(KEY), again]


@pytest.mark.parametrize("state", [Negotiating.OFFERING, Negotiating.OFFERED])
def test_the_impolite_side_goes_on_with_its_offer(state: Negotiating) -> None:
    device = talking(IMPOLITE, state)
    assert why(device.handle(negotiate("offer"))) == [IgnoreReason.COLLISION]
    if state is Negotiating.OFFERING:
        assert plain(device.handle(STEPS[Move.OFFER_READY](device))) == [OFFERS]
    told = device.handle(negotiate("answer"))
    assert plain(told) == [ApplyAnswer(KEY, 0, ANSWER)]


# --- from whom, and when --------------------------------------------------------------------


@SIDES
@pytest.mark.parametrize("kind", ["offer", "answer"])
@pytest.mark.parametrize("party", [PEERS_OTHER, OUR_OTHER, STRANGER])
def test_only_the_peer_negotiates(side: Direction, kind: str, party: Remote) -> None:
    device = talking(side, Negotiating.OFFERED)
    told = device.handle(negotiate(kind, by=party))
    assert why(told) == [IgnoreReason.WRONG_PARTY]
    assert standing(device) is Negotiating.OFFERED


@SIDES
def test_an_offer_is_of_no_account_after_its_lifetime(side: Direction) -> None:
    device = talking(side)
    expired = at(negotiate("offer", lifetime=10.0), age=10.0)
    assert why(device.handle(expired)) == [IgnoreReason.EXPIRED]
    assert standing(device) is Negotiating.STABLE
    assert device.handle(at(negotiate("offer", lifetime=10.0), age=9.9))


@SIDES
def test_an_answer_counts_as_long_as_it_is_waited_for(side: Direction) -> None:
    device = talking(side, Negotiating.OFFERED)
    told = device.handle(at(negotiate("answer", lifetime=0.0), age=5.0))
    assert plain(told) == [ApplyAnswer(KEY, 0, ANSWER)]


@SIDES
def test_an_answer_that_is_older_than_our_offer_is_not_its_answer(side: Direction) -> None:
    """It is the late one to an offer that we gave up; the clocks of servers differ a little."""
    device = talking(side, Negotiating.OFFERED)
    device.wait(60)
    for move in (Move.WANTED, Move.OFFER_READY):
        device.handle(STEPS[move](device))
    device.wait(5)
    assert why(device.handle(at(negotiate("answer"), age=15.1))) == [IgnoreReason.EXPIRED]
    told = device.handle(at(negotiate("answer"), age=15.0))
    assert plain(told) == [ApplyAnswer(KEY, 0, ANSWER)]


@SIDES
def test_an_answer_after_its_time_is_ignored(side: Direction) -> None:
    device = talking(side, Negotiating.OFFERED)
    device.wait(60)
    assert why(device.handle(negotiate("answer"))) == [IgnoreReason.WRONG_STATE]


# --- what fails -----------------------------------------------------------------------------


@SIDES
def test_an_offer_that_may_have_arrived_is_waited_for(side: Direction) -> None:
    """Its answer must not be taken for the answer to another offer."""
    device = talking(side, Negotiating.OFFERED)
    sent = device.request_of("m.call.negotiate")
    assert device.handle(SendFailed(KEY, sent, SendProblem.UNREACHABLE)) == []
    device.handle(Renegotiate(KEY, VIDEO))
    assert plain(device.handle(negotiate("answer"))) == [ApplyAnswer(KEY, 0, ANSWER)]


@SIDES
@pytest.mark.parametrize("problem", SendProblem)
def test_an_answer_of_ours_that_does_not_arrive_is_told(
    side: Direction, problem: SendProblem
) -> None:
    device = talking(side, Negotiating.ANSWERING)
    settle(device, Move.ANSWER_READY)
    failure = SendFailed(KEY, device.request_of("m.call.negotiate"), problem)
    assert device.handle(failure) == [NegotiationFailed(KEY, problem.value)]
    assert device.handle(failure) == []


@SIDES
def test_a_change_that_failed_makes_room_for_the_next(side: Direction) -> None:
    device = talking(side, Negotiating.OFFERING)
    device.handle(Renegotiate(KEY, VIDEO))
    failure = MediaFailed(KEY, MediaProblem.INTERNAL, device.request_of(CreateReoffer))
    assert plain(device.handle(failure)) == [
        Rollback(KEY),
        NegotiationFailed(KEY, MediaProblem.INTERNAL.value),
        CreateReoffer(KEY, 0, VIDEO),
    ]


@SIDES
def test_a_lost_connection_ends_the_call_whatever_is_negotiated(side: Direction) -> None:
    device = talking(side, Negotiating.OFFERED)
    told = device.handle(MediaFailed(KEY, MediaProblem.LOST))
    assert of_type(told, CloseMedia)
    assert device.state() is State.ENDED
    assert device.calls.deadline() is None


@SIDES
def test_the_negotiation_ends_with_its_call(side: Direction) -> None:
    device = talking(side, Negotiating.ANSWERING)
    late = STEPS[Move.ANSWER_READY](device)
    assert isinstance(late, AnswerReady)
    device.handle(HangUp(KEY))
    assert device.handle(late) == []
    assert device.wait(1000) == []


@SIDES
def test_a_peer_that_offers_in_a_loop_gets_one_answer_at_a_time(side: Direction) -> None:
    device = talking(side)
    for _ in range(1000):
        device.handle(negotiate("offer"))
    assert len(of_type(device.log, CreateReanswer)) == 1


def test_one_calls_negotiation_leaves_the_others_alone() -> None:
    device = talking(IMPOLITE, Negotiating.OFFERED)
    other = PEER.of(CallKey(KEY.room_id, "call-2"))
    bring(device, Direction.INBOUND, State.CONNECTED, other.key)
    told = plain(device.handle(negotiate("offer", by=other)))
    assert told == [CreateReanswer(other.key, 0, OFFER)]
    assert standing(device) is Negotiating.OFFERED
