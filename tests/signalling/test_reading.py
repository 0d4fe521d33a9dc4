"""Contents as clients really send them: what is read, what is forgiven, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from voip.signalling.content import (
    Answer,
    AssertedIdentity,
    CallContent,
    Candidates,
    Capabilities,
    Hangup,
    Invite,
    Negotiate,
    Reject,
    RejectReplacement,
    Replaces,
    SelectAnswer,
    StreamMetadata,
    StreamMetadataChanged,
    ToDevice,
)
from voip.signalling.errors import ContentError, UnknownContent
from voip.signalling.ice import MAX_CANDIDATE, Candidate
from voip.signalling.reading import parse, parse_to_device

COMMON = {"call_id": "call", "party_id": "PHONE", "version": "1"}
OFFER = {"type": "offer", "sdp": "v=0"}
INVITE: dict[str, Any] = {**COMMON, "offer": OFFER, "lifetime": 60000}
STREAMS = {"stream": {"purpose": "m.usermedia", "audio_muted": True}}
READ_STREAMS = {"stream": StreamMetadata(purpose="m.usermedia", audio_muted=True)}
HALF_A_PAIR = "\ud800"


def _read(make: Callable[..., CallContent], **values: Any) -> CallContent:
    return make(call_id="call", party_id="PHONE", **values)


@pytest.mark.parametrize(
    ("event_type", "content", "read"),
    [
        ("m.call.invite", INVITE, _read(Invite, offer="v=0", lifetime=60.0)),
        (
            "m.call.invite",
            {
                **INVITE,
                "invitee": "@us:example.org",
                "sdp_stream_metadata": STREAMS,
                "capabilities": {"m.call.transferee": True, "m.call.dtmf": True, "other": 1},
            },
            _read(
                Invite,
                offer="v=0",
                lifetime=60.0,
                invitee="@us:example.org",
                streams=READ_STREAMS,
                capabilities=Capabilities(transferee=True, dtmf=True),
            ),
        ),
        (
            "m.call.answer",
            {**COMMON, "answer": {"type": "answer", "sdp": "v=0"}},
            _read(Answer, answer="v=0"),
        ),
        (
            "m.call.answer",
            {**COMMON, "answer": {"sdp": "v=0"}},  # MSC2746 deprecates the type
            _read(Answer, answer="v=0"),
        ),
        (
            "m.call.candidates",
            {**COMMON, "candidates": [{"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 0}]},
            _read(Candidates, candidates=(Candidate("c", "0", 0),)),
        ),
        (
            "m.call.select_answer",
            {**COMMON, "selected_party_id": "TABLET"},
            _read(SelectAnswer, selected_party_id="TABLET"),
        ),
        ("m.call.reject", COMMON, _read(Reject)),
        ("m.call.hangup", COMMON, _read(Hangup, reason="user_hangup")),
        ("m.call.hangup", {**COMMON, "reason": "ice_failed"}, _read(Hangup, reason="ice_failed")),
        ("m.call.hangup", {**COMMON, "reason": "replaced"}, _read(Hangup, reason="replaced")),
        ("m.call.hangup", {**COMMON, "reason": 7}, _read(Hangup, reason="user_hangup")),
        ("m.call.hangup", {**COMMON, "reason": HALF_A_PAIR}, _read(Hangup, reason="user_hangup")),
        ("m.call.hangup", {**COMMON, "reason": "x" * 999}, _read(Hangup, reason="x" * 255)),
        (
            "m.call.negotiate",
            {**COMMON, "description": OFFER, "lifetime": 10000},
            _read(Negotiate, description_type="offer", sdp="v=0", lifetime=10.0),
        ),
        (
            "m.call.sdp_stream_metadata_changed",
            {**COMMON, "sdp_stream_metadata": STREAMS},
            _read(StreamMetadataChanged, streams=READ_STREAMS),
        ),
        (
            "org.matrix.call.sdp_stream_metadata_changed",
            {**COMMON, "org.matrix.msc3077.sdp_stream_metadata": STREAMS},
            _read(StreamMetadataChanged, streams=READ_STREAMS),
        ),
        (
            "m.call.replaces",
            {
                **COMMON,
                "replacement_id": "r",
                "target_user": {"id": "@c:example.org"},
                "target_room": "!r",
                "await_call": "call-2",
            },
            _read(
                Replaces,
                replacement_id="r",
                target_user="@c:example.org",
                target_room="!r",
                await_call="call-2",
            ),
        ),
        (
            "m.call.reject_replacement",
            {**COMMON, "replacement_id": "r", "reason": "declined"},
            _read(RejectReplacement, replacement_id="r", reason="declined"),
        ),
        (
            "m.call.asserted_identity",
            {**COMMON, "asserted_identity": {"id": "@c:example.org", "display_name": 7}},
            _read(AssertedIdentity, user_id="@c:example.org"),
        ),
        (
            "org.matrix.call.asserted_identity",
            {**COMMON, "asserted_identity": None},
            _read(AssertedIdentity),
        ),
    ],
)
def test_each_content(event_type: str, content: dict[str, Any], read: CallContent) -> None:
    assert parse(event_type, content) == read


@pytest.mark.parametrize(
    ("entries", "read"),
    [
        (
            [{"candidate": "c", "sdpMid": "0"}, {"candidate": ""}],  # ends in its end
            (Candidate("c", "0"), Candidate("")),
        ),
        ([{"candidate": "c", "sdpMid": None, "sdpMLineIndex": 1}], (Candidate("c", None, 1),)),
        ([{"candidate": "c", "sdpMLineIndex": 1.0}], (Candidate("c", None, 1),)),
        ([{"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 1.5}], (Candidate("c", "0"),)),
        ([{"candidate": "c", "sdpMid": "0", "sdpMLineIndex": True}], (Candidate("c", "0"),)),
        ([{"candidate": "c", "sdpMid": "0", "sdpMLineIndex": -1}], (Candidate("c", "0"),)),
        ([{"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 65536}], (Candidate("c", "0"),)),
        ([{"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0}], (Candidate("", "0", 0),)),
        ([], ()),
        # Broken ones are lost, the others are not.
        (
            [
                {"candidate": "c"},
                {"candidate": "c", "sdpMLineIndex": -1},
                {"candidate": None, "sdpMid": "0"},
                {"candidate": HALF_A_PAIR, "sdpMid": "0"},
                {"candidate": "c" * (MAX_CANDIDATE + 1), "sdpMid": "0"},
                {"sdpMid": "0"},
                "c",
                None,
                {"candidate": "good", "sdpMid": "0"},
            ],
            (Candidate("good", "0"),),
        ),
    ],
)
def test_a_batch_of_candidates(entries: list[Any], read: tuple[Candidate, ...]) -> None:
    content = parse("m.call.candidates", {**COMMON, "candidates": entries})
    assert isinstance(content, Candidates)
    assert content.candidates == read


@pytest.mark.parametrize(
    ("found", "read"),
    [
        ({}, None),
        ({"sdp_stream_metadata": None}, None),
        ({"sdp_stream_metadata": {}}, {}),
        ({"org.matrix.msc3077.sdp_stream_metadata": STREAMS}, READ_STREAMS),
        ({"sdp_stream_metadata": 7, "org.matrix.msc3077.sdp_stream_metadata": {}}, {}),
        (
            {"sdp_stream_metadata": {"a": {}, "b": None, "c": {"purpose": 7, "video_muted": 1}}},
            {"a": StreamMetadata(purpose=""), "c": StreamMetadata(purpose="")},
        ),
    ],
)
def test_stream_metadata(found: dict[str, Any], read: object) -> None:
    content = parse("m.call.invite", {**INVITE, **found})
    assert isinstance(content, Invite)
    assert content.streams == read


_REPLACES = {**COMMON, "replacement_id": "r", "create_call": "c"}


@pytest.mark.parametrize(
    ("event_type", "content", "field"),
    [
        ("m.call.invite", {**INVITE, "call_id": ""}, "call_id"),
        ("m.call.invite", {**INVITE, "call_id": "x" * 256}, "call_id"),
        ("m.call.invite", {**INVITE, "call_id": 7}, "call_id"),
        ("m.call.invite", {**INVITE, "call_id": HALF_A_PAIR}, "call_id"),
        ("m.call.invite", {**INVITE, "party_id": None}, "party_id"),
        ("m.call.invite", {**INVITE, "party_id": ""}, "party_id"),
        ("m.call.invite", {**INVITE, "offer": None}, "offer"),
        ("m.call.invite", {**INVITE, "offer": {"type": "answer", "sdp": "v=0"}}, "offer.type"),
        ("m.call.invite", {**INVITE, "offer": {"type": None, "sdp": "v=0"}}, "type"),
        ("m.call.invite", {**INVITE, "offer": {"type": "offer"}}, "sdp"),
        ("m.call.invite", {**INVITE, "lifetime": None}, "lifetime"),
        ("m.call.invite", {**INVITE, "lifetime": -1}, "lifetime"),
        ("m.call.invite", {**INVITE, "lifetime": 1.5}, "lifetime"),
        ("m.call.invite", {**INVITE, "lifetime": True}, "lifetime"),
        ("m.call.invite", {**INVITE, "lifetime": float("inf")}, "lifetime"),
        ("m.call.invite", {**INVITE, "lifetime": float("nan")}, "lifetime"),
        ("m.call.answer", {**COMMON, "answer": {"type": "offer", "sdp": "v=0"}}, "answer.type"),
        ("m.call.candidates", {**COMMON, "candidates": {}}, "candidates"),
        ("m.call.select_answer", {**COMMON, "selected_party_id": None}, "selected_party_id"),
        ("m.call.select_answer", COMMON, "selected_party_id"),
        ("m.call.negotiate", {**COMMON, "description": OFFER}, "lifetime"),
        ("m.call.negotiate", {**COMMON, "description": {"sdp": "v=0"}, "lifetime": 1}, "type"),
        ("m.call.sdp_stream_metadata_changed", COMMON, "sdp_stream_metadata"),
        ("m.call.replaces", {**_REPLACES, "await_call": "c"}, "create_call"),
        ("m.call.replaces", {**COMMON, "replacement_id": "r"}, "create_call"),
        ("m.call.replaces", {**_REPLACES, "replacement_id": 1}, "replacement_id"),
        ("m.call.reject_replacement", {**COMMON, "reason": "declined"}, "replacement_id"),
        ("m.call.asserted_identity", COMMON, "asserted_identity"),
        ("m.call.asserted_identity", {**COMMON, "asserted_identity": 7}, "asserted_identity"),
        ("m.call.hangup", [], "content"),
        ("m.call.hangup", None, "content"),
    ],
)
def test_what_a_call_cannot_do_without(event_type: str, content: Any, field: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse(event_type, content)
    assert caught.value.field == field


def test_a_type_that_we_do_not_read_is_nobodys_fault() -> None:
    with pytest.raises(UnknownContent):
        parse("m.call.member", {})


def test_errors_never_quote_what_they_refuse() -> None:
    with pytest.raises(ContentError) as caught:
        parse("m.call.invite", {**INVITE, "offer": {"type": "secret", "sdp": "secret"}})
    assert "secret" not in str(caught.value)


ENVELOPE = {
    "conf_id": "conf",
    "device_id": "PHONE",
    "sender_session_id": "s1",
    "dest_session_id": "s2",
    "seq": 0,
}


def test_the_to_device_envelope() -> None:
    read = ToDevice(
        conf_id="conf", device_id="PHONE", sender_session_id="s1", dest_session_id="s2", seq=0
    )
    assert parse_to_device(ENVELOPE) == read


@pytest.mark.parametrize("field", ENVELOPE)
def test_the_to_device_envelope_is_complete_or_refused(field: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse_to_device({**ENVELOPE, field: -1})
    assert caught.value.field == field


def test_a_rejected_replacement_needs_no_reason() -> None:
    content = parse("m.call.reject_replacement", {**COMMON, "replacement_id": "r"})
    assert isinstance(content, RejectReplacement)
    assert content.reason == "declined"
