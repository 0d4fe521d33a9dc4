"""Peers that speak version 0: no parties, no choice, no reject, no renegotiation, no reason."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.signalling.kit import (
    ANSWER,
    HOST,
    KEY,
    NO_CAPABILITIES,
    OUR_OTHER,
    PEER,
    STRANGER,
    US,
    Device,
    at,
    bring,
    of_type,
    outbound_in,
    plain,
    why,
)
from tests.signalling.kit import Direction as Of
from tests.signalling.talk import negotiate
from voip.signalling.commands import (
    AddCandidates,
    Answered,
    ApplyAnswer,
    By,
    CloseMedia,
    CreateAnswer,
    Ended,
    EndReason,
    Established,
    IgnoreReason,
    Incoming,
    SendEvent,
)
from voip.signalling.errors import WrongState
from voip.signalling.events import (
    Accept,
    AnswerReady,
    Change,
    HangUp,
    LocalStreams,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    Received,
    Reject,
    Renegotiate,
    SendFailed,
    SendProblem,
    SetMuted,
    SyncComplete,
)
from voip.signalling.ids import NO_PARTY, Party
from voip.signalling.states import State

NAMELESS = Party(PEER.user_id, NO_PARTY)


def old(event: Received) -> Received:
    """The same event as a version 0 client sends it."""
    content = {name: value for name, value in event.content.items() if name != "party_id"}
    return at(event, content=content | {"version": 0})


def sent(items: Any) -> list[dict[str, object]]:
    return [dict(item.content) for item in of_type(items, SendEvent)]


def ringing() -> Device:
    device = Device()
    device.handle(old(PEER.invite()))
    assert of_type(device.handle(SyncComplete()), Incoming) == [Incoming(KEY, NAMELESS, False)]
    return device


def answered() -> Device:
    device = ringing()
    device.handle(Accept(KEY))
    device.handle(AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER))
    return device


def test_its_invite_rings_and_is_answered_in_its_version() -> None:
    device = answered()
    contents = sent(device.log)
    assert [content["version"] for content in contents] == [0, 0]
    assert all(type(content["version"]) is int for content in contents)
    assert of_type(device.log, Answered) == [Answered(KEY, NAMELESS, NO_CAPABILITIES)]
    assert device.handle(MediaConnected(KEY)) == [Established(KEY)]


@pytest.mark.parametrize("wish", [Reject(KEY), HangUp(KEY)])
def test_it_is_declined_with_a_hangup_that_gives_no_reason(wish: Reject | HangUp) -> None:
    device = ringing()
    told = device.handle(wish)
    assert [item.type for item in of_type(told, SendEvent)] == ["m.call.hangup"]
    assert sent(told) == [{"call_id": KEY.call_id, "party_id": US.party_id, "version": 0}]
    assert [end.reason for end in of_type(told, Ended)] == [EndReason.REJECTED]


def test_its_hangup_ends_the_call() -> None:
    device = answered()
    told = device.handle(old(PEER.hangup()))
    assert [end.reason for end in of_type(told, Ended)] == [EndReason.HANGUP]


def test_its_candidates_follow_its_offer() -> None:
    device = ringing()
    device.handle(old(PEER.candidates(HOST)))
    assert of_type(device.handle(Accept(KEY)), AddCandidates) == [AddCandidates(KEY, (HOST,))]
    device = answered()
    assert device.handle(old(PEER.candidates(HOST))) == [AddCandidates(KEY, (HOST,))]


def test_its_answer_to_our_invite_is_taken_without_telling_a_choice() -> None:
    device = outbound_in(State.INVITED)
    told = plain(device.handle(old(PEER.answer())))
    assert told == [ApplyAnswer(KEY, 0, ANSWER), Answered(KEY, NAMELESS, NO_CAPABILITIES)]
    assert sent(device.handle(HangUp(KEY))) == [
        {"call_id": KEY.call_id, "party_id": US.party_id, "version": 0}
    ]


def test_its_answer_that_says_a_party_all_the_same_gets_no_choice_either() -> None:
    device = outbound_in(State.INVITED)
    answer = PEER.answer()
    told = device.handle(PEER.writes(answer.type, {**answer.content, "version": 0}))
    assert of_type(told, SendEvent) == []
    assert device.state() is State.CONNECTING


def test_its_hangup_is_its_reject() -> None:
    device = outbound_in(State.INVITED)
    told = device.handle(old(PEER.hangup()))
    assert of_type(told, SendEvent) == []
    assert device.state() is State.ENDED


def test_its_candidates_wait_for_its_answer() -> None:
    device = outbound_in(State.INVITED)
    assert device.handle(old(PEER.candidates(HOST))) == []
    told = device.handle(old(PEER.answer()))
    assert of_type(told, AddCandidates) == [AddCandidates(KEY, (HOST,))]


@pytest.mark.parametrize("wish", [Renegotiate(KEY, Change(hold=True)), SetMuted(KEY, audio=True)])
def test_it_cannot_be_asked_for_what_came_later(wish: Renegotiate | SetMuted) -> None:
    device = answered()
    with pytest.raises(WrongState, match="version 0"):
        device.handle(wish)
    assert device.drain() == []


def test_it_is_shown_nothing_of_another_call() -> None:
    device = answered()
    assert device.handle(LocalStreams(KEY, {}, outdated=True)) == []
    assert device.handle(LocalStreams(KEY, {}, outdated=False)) == []


def test_what_it_cannot_say_is_ignored() -> None:
    assert why(answered().handle(old(negotiate("offer")))) == [IgnoreReason.UNSUPPORTED]


@pytest.mark.parametrize(
    ("direction", "state"),
    [(Of.OUTBOUND, State.CONNECTED), (Of.INBOUND, State.RINGING), (Of.INBOUND, State.CONNECTED)],
)
def test_a_hangup_without_version_and_party_is_the_peers(direction: Of, state: State) -> None:
    """A version 1 peer may send one too; who sent it says the homeserver."""
    device = bring(Device(), direction, state)
    stranger = STRANGER.writes("m.call.hangup", {"call_id": KEY.call_id})
    assert why(device.handle(stranger)) == [IgnoreReason.WRONG_PARTY]
    told = device.handle(PEER.writes("m.call.hangup", {"call_id": KEY.call_id}))
    assert [end.reason for end in of_type(told, Ended)] == [EndReason.HANGUP]


def test_what_an_old_device_declines_too_late_goes_on() -> None:
    """Its hangup has no party, but who spoke version 1 before is somebody else."""
    device = outbound_in(State.CONNECTED)
    assert why(device.handle(old(PEER.hangup()))) == [IgnoreReason.WRONG_PARTY]
    assert device.state() is State.CONNECTED


def ours_answered_by(version: int) -> Device:
    return answered() if version == 0 else bring(Device(), Of.INBOUND, State.CONNECTING)


AN_ANSWER_ELSEWHERE: Final = {0: OUR_OTHER.answer(version=0), 1: old(OUR_OTHER.answer())}
"""By the version of the invite. Where it or an answer is of version 0 no choice is told."""


@pytest.mark.parametrize("version", [0, 1])
def test_an_answer_of_another_device_of_ours_comes_before_ours(version: int) -> None:
    if version:
        device = bring(Device(), Of.INBOUND, State.ANSWERING)
    else:
        device = ringing()
        device.handle(Accept(KEY))
    told = device.handle(AN_ANSWER_ELSEWHERE[version])
    end = Ended(KEY, EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE, rang=True)
    assert told == [CloseMedia(KEY), end]


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("trouble", ["connect", "media", "send"])
def test_who_may_have_come_second_hangs_up_nothing(version: int, trouble: str) -> None:
    """The caller took one of the two answers; a hangup would end the other device's call."""
    device = ours_answered_by(version)
    assert why(device.handle(AN_ANSWER_ELSEWHERE[version])) == [IgnoreReason.ALREADY_ANSWERED]
    assert device.state() is State.CONNECTING
    if trouble == "connect":
        told = device.wait(31)
    elif trouble == "media":
        told = device.handle(MediaFailed(KEY, MediaProblem.ICE_FAILED))
    else:
        request = device.request_of("m.call.answer")
        told = device.handle(SendFailed(KEY, request, SendProblem.UNREACHABLE))
    end = Ended(KEY, EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE, rang=True)
    assert [item for item in told if not isinstance(item, SendEvent)] == [CloseMedia(KEY), end]
    assert "m.call.hangup" not in {item.type for item in of_type(told, SendEvent)}


@pytest.mark.parametrize("version", [0, 1])
def test_who_is_connected_came_first(version: int) -> None:
    device = ours_answered_by(version)
    device.handle(AN_ANSWER_ELSEWHERE[version])
    device.handle(MediaConnected(KEY))
    told = device.handle(MediaFailed(KEY, MediaProblem.LOST))
    assert [item.type for item in of_type(told, SendEvent)] == ["m.call.hangup"]
    assert [end.reason for end in of_type(told, Ended)] == [EndReason.MEDIA_LOST]
