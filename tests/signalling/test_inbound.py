"""A call that comes to us: when it rings, who may end it, candidates.

The table of all events is in `test_inbound_table`.
"""

from __future__ import annotations

import gc

import pytest

from tests.signalling.kit import (
    ANSWER,
    END,
    HOST,
    KEY,
    NO_CAPABILITIES,
    OFFER,
    OUR_OTHER,
    PEER,
    RELAY,
    US,
    Device,
    at,
    inbound_in,
    of_type,
    plain,
    sends,
    why,
)
from voip.signalling.commands import (
    AddCandidates,
    Answered,
    By,
    CreateAnswer,
    Ended,
    EndReason,
    IgnoreReason,
    Incoming,
    SendEvent,
)
from voip.signalling.config import CallConfig
from voip.signalling.events import (
    Accept,
    AnswerReady,
    HangUp,
    LocalCandidates,
    MediaFailed,
    MediaProblem,
    Place,
    Received,
    SendFailed,
    SendProblem,
    SyncComplete,
)
from voip.signalling.ids import CallKey
from voip.signalling.states import State

VIDEO = OFFER + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


@pytest.mark.parametrize(
    "end",
    [PEER.hangup(), OUR_OTHER.answer(), OUR_OTHER.reject(), PEER.select(OUR_OTHER.party)],
    ids=lambda event: str(event.type),
)
def test_what_is_over_within_its_sync_never_rings(end: Received) -> None:
    device = inbound_in(State.HELD)
    told = device.handle(end) + device.handle(SyncComplete())
    assert of_type(told, Incoming) == []
    assert [ended.rang for ended in of_type(told, Ended)] == [False]


LATE = CallConfig().late_invite


def late_invite() -> Device:
    """One that was long on its way: its homeserver, or ours, was away."""
    device = Device()
    told = device.handle(at(PEER.invite(), age=LATE)) + device.handle(SyncComplete())
    assert told == []
    return device


@pytest.mark.parametrize(
    "end",
    [PEER.hangup(), OUR_OTHER.answer(), OUR_OTHER.reject(), PEER.select(OUR_OTHER.party)],
    ids=lambda event: str(event.type),
)
def test_what_ended_a_late_call_may_come_a_sync_later(end: Received) -> None:
    device = late_invite()
    device.wait(CallConfig().late_settles - 0.01)
    told = device.handle(end) + device.handle(SyncComplete()) + device.wait(60)
    assert of_type(told, Incoming) == []
    assert [ended.rang for ended in of_type(told, Ended)] == [False]


def test_a_late_call_that_nothing_ended_rings_a_little_later() -> None:
    device = late_invite()
    assert device.handle(SyncComplete()) == []
    assert of_type(device.wait(CallConfig().late_settles), Incoming)
    assert device.state() is State.RINGING
    assert [ended.rang for ended in of_type(device.wait(60), Ended)] == [True]


def test_a_late_call_that_is_over_before_it_has_settled_never_rings() -> None:
    device = Device()
    device.handle(at(PEER.invite(lifetime=LATE + 0.5), age=LATE))
    told = device.handle(SyncComplete()) + device.wait(60)
    assert told == [Ended(KEY, EndReason.NOT_ANSWERED, By.TIME, rang=False)]


def test_a_late_call_that_ours_crosses_is_answered_at_once() -> None:
    device = late_invite()
    told = device.handle(Place(CallKey(KEY.room_id, "zzz"), invitee=PEER.user_id))
    assert of_type(told, CreateAnswer)
    assert of_type(device.wait(1), Incoming) == []


def test_a_call_that_is_not_late_rings_with_its_sync() -> None:
    device = Device()
    told = device.handle(at(PEER.invite(), age=LATE - 0.01)) + device.handle(SyncComplete())
    assert of_type(told, Incoming)


@pytest.mark.parametrize(
    ("offer", "video"),
    [
        (OFFER, False),
        (VIDEO, True),
        (VIDEO.replace("m=video 9", "m=video 0"), False),  # RFC 3264 §6: rejected
        ("m=video", False),
        ("", False),
    ],
)
def test_the_offer_says_whether_it_is_a_video_call(offer: str, video: bool) -> None:
    device = Device()
    device.handle(PEER.invite(offer=offer))
    assert device.handle(SyncComplete()) == [Incoming(KEY, PEER.party, video)]


def test_it_rings_for_what_is_left_of_its_lifetime() -> None:
    device = Device()
    device.handle(at(PEER.invite(lifetime=60.0), age=45.0))
    device.handle(SyncComplete())
    device.wait(14.9)
    assert device.state() is State.RINGING
    device.wait(0.1)
    assert device.last(Ended).reason is EndReason.NOT_ANSWERED


def test_a_clock_that_runs_behind_does_not_lengthen_the_lifetime() -> None:
    device = Device()
    device.handle(at(PEER.invite(lifetime=60.0), age=-1000.0))
    assert device.calls.deadline() == device.now + 60


def test_a_lifetime_counts_up_to_our_bound() -> None:
    device = Device(config=CallConfig(longest_lifetime=100))
    device.handle(PEER.invite(lifetime=1e9))
    assert device.calls.deadline() == device.now + 100


# --- candidates -----------------------------------------------------------------------------


def test_candidates_that_come_while_it_rings_follow_the_offer() -> None:
    device = inbound_in(State.HELD)
    device.handle(PEER.candidates(HOST))
    device.handle(SyncComplete())
    device.handle(PEER.candidates(RELAY, END))
    assert plain(device.handle(Accept(KEY))) == [
        CreateAnswer(KEY, 0, OFFER),
        AddCandidates(KEY, (HOST, RELAY, END)),
    ]
    assert device.handle(PEER.candidates(RELAY)) == [AddCandidates(KEY, (RELAY,))]


def test_candidates_that_come_while_it_rings_are_bounded() -> None:
    device = inbound_in(State.RINGING, CallConfig(max_early_candidates=2))
    assert why(device.handle(PEER.candidates(HOST))) == []
    assert why(device.handle(PEER.candidates(HOST, RELAY))) == [IgnoreReason.TOO_MANY]
    device.handle(Accept(KEY))
    assert device.last(AddCandidates).candidates == (HOST, HOST)


def test_candidates_gathered_after_the_answer_are_batched_for_half_a_second() -> None:
    device = inbound_in(State.ANSWERING)
    device.handle(LocalCandidates(KEY, (HOST,)))
    request = device.request_of(CreateAnswer)
    told = device.handle(AnswerReady(KEY, request, ANSWER, complete=False))
    assert plain(told) == [sends(US.answer()), Answered(KEY, PEER.party, NO_CAPABILITIES)]
    assert device.wait(0.4) == []
    device.handle(LocalCandidates(KEY, (RELAY,)))
    assert plain(device.wait(0.1)) == [sends(US.candidates(HOST, RELAY))]
    device.handle(LocalCandidates(KEY, (HOST,)))
    assert plain(device.wait(0.5)) == [sends(US.candidates(HOST))]


# --- races ----------------------------------------------------------------------------------


def test_between_two_devices_of_ours_the_caller_chooses() -> None:
    device = inbound_in(State.CONNECTING)
    assert why(device.handle(OUR_OTHER.answer())) == [IgnoreReason.ALREADY_ANSWERED]
    assert device.handle(PEER.select(US.party)) == []
    assert device.state() is State.CONNECTING


def test_the_device_that_was_not_chosen_says_nothing() -> None:
    device = inbound_in(State.CONNECTED)  # media may flow before the choice is known
    told = device.handle(PEER.select(OUR_OTHER.party))
    assert of_type(told, SendEvent) == []
    assert device.last(Ended).reason is EndReason.ANSWERED_ELSEWHERE


@pytest.mark.parametrize("selected", [None, 7, ""])
def test_a_choice_of_nobody_is_no_choice(selected: object) -> None:
    device = inbound_in(State.CONNECTING)
    choice = PEER.select(US.party)
    event = PEER.writes(choice.type, {**choice.content, "selected_party_id": selected})
    assert why(device.handle(event)) == [IgnoreReason.MALFORMED]
    assert device.state() is State.CONNECTING


def test_a_hangup_without_its_version_counts() -> None:
    device = inbound_in(State.CONNECTED)
    device.handle(PEER.writes("m.call.hangup", {"call_id": KEY.call_id, "party_id": PEER.party_id}))
    assert device.last(Ended).reason is EndReason.HANGUP


def test_an_offer_that_cannot_be_used_is_declined() -> None:
    # matrix-js-sdk rings on after a hangup that no answer preceded.
    device = inbound_in(State.ANSWERING)
    request = device.request_of(CreateAnswer)
    device.handle(MediaFailed(KEY, MediaProblem.NO_COMMON_CODEC, request))
    assert sends(US.reject()) in plain(device.log)
    assert device.last(Ended).reason is EndReason.NO_COMMON_CODEC


@pytest.mark.parametrize("state", [State.HELD, State.RINGING, State.ANSWERING])
def test_before_the_answer_a_hangup_for_any_reason_is_a_reject(state: State) -> None:
    device = inbound_in(state)
    told = plain(device.handle(HangUp(KEY, "user_busy")))
    assert of_type(told, SendEvent) == [sends(US.reject())]
    ended = device.last(Ended)
    assert (ended.reason, ended.wire_reason) == (EndReason.BUSY, None)


@pytest.mark.parametrize(
    "state", [State.HELD, State.RINGING, State.ANSWERING, State.CONNECTING, State.CONNECTED]
)
@pytest.mark.parametrize(
    "stale",
    [
        AnswerReady(KEY, 10_000, ANSWER),
        SendFailed(KEY, 10_000, SendProblem.REFUSED),
        MediaFailed(KEY, MediaProblem.INTERNAL, 10_000),
    ],
    ids=lambda event: type(event).__name__,
)
def test_the_result_of_another_request_changes_nothing(
    state: State, stale: AnswerReady | SendFailed | MediaFailed
) -> None:
    device = inbound_in(state)
    assert device.handle(stale) == []
    assert device.state() is state


def test_the_caller_cannot_answer_or_decline_its_own_call_to_itself() -> None:
    device = Device()
    device.handle(OUR_OTHER.invite(invitee=US.user_id))
    device.handle(SyncComplete())
    for event in (OUR_OTHER.answer(), OUR_OTHER.reject()):
        assert why(device.handle(event)) == [IgnoreReason.WRONG_PARTY]
    device.handle(OUR_OTHER.hangup())
    assert device.last(Ended).by is By.PEER


def test_candidates_of_media_that_was_never_opened_go_nowhere() -> None:
    device = inbound_in(State.RINGING)
    device.handle(LocalCandidates(KEY, (HOST,)))
    device.handle(Accept(KEY))
    told = device.handle(AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER))
    assert sends(US.candidates(END)) in plain(told)


def test_candidates_that_wait_do_not_follow_the_hangup_of_the_same_moment() -> None:
    device = inbound_in(State.CONNECTING)
    device.wait(29.5)
    device.handle(LocalCandidates(KEY, (HOST,)))
    told = device.wait(0.5)
    assert plain(of_type(told, SendEvent)) == [sends(US.hangup("ice_failed"))]


def test_the_offer_is_kept_no_longer_than_it_rings() -> None:
    device = inbound_in(State.RINGING)
    call = device.calls._registry._calls[KEY]
    assert OFFER in gc.get_referents(call)
    device.handle(Accept(KEY))
    assert OFFER not in gc.get_referents(call)
