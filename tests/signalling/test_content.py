"""What our contents look like on the wire."""

from __future__ import annotations

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
)
from voip.signalling.ice import Candidate

STREAMS = {"stream": StreamMetadata(purpose="m.usermedia", video_muted=True)}
WIRE_STREAMS = {"stream": {"purpose": "m.usermedia", "audio_muted": False, "video_muted": True}}


@pytest.mark.parametrize(
    ("content", "event_type", "fields"),
    [
        (
            Invite(call_id="call", party_id="OURS", offer="v=0", lifetime=90.0),
            "m.call.invite",
            {"offer": {"type": "offer", "sdp": "v=0"}, "lifetime": 90000},
        ),
        (
            Invite(
                call_id="call",
                party_id="OURS",
                offer="v=0",
                lifetime=0.0625,
                invitee="@peer:example.org",
                streams=STREAMS,
                capabilities=Capabilities(dtmf=True),
            ),
            "m.call.invite",
            {
                "offer": {"type": "offer", "sdp": "v=0"},
                "lifetime": 62,
                "invitee": "@peer:example.org",
                "sdp_stream_metadata": WIRE_STREAMS,
                "capabilities": {"m.call.transferee": False, "m.call.dtmf": True},
            },
        ),
        (
            Answer(call_id="call", party_id="OURS", answer="v=0"),
            "m.call.answer",
            {"answer": {"type": "answer", "sdp": "v=0"}},
        ),
        (
            Candidates(
                call_id="call",
                party_id="OURS",
                candidates=(Candidate("c", "0", 0), Candidate("d", "1"), Candidate("")),
            ),
            "m.call.candidates",
            {
                "candidates": [
                    {"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 0},
                    {"candidate": "d", "sdpMid": "1"},
                    {"candidate": ""},
                ]
            },
        ),
        (
            SelectAnswer(call_id="call", party_id="OURS", selected_party_id="PHONE"),
            "m.call.select_answer",
            {"selected_party_id": "PHONE"},
        ),
        (Reject(call_id="call", party_id="OURS"), "m.call.reject", {}),
        (Hangup(call_id="call", party_id="OURS"), "m.call.hangup", {"reason": "user_hangup"}),
        (
            Negotiate(
                call_id="call",
                party_id="OURS",
                description_type="answer",
                sdp="v=0",
                lifetime=10.0,
                streams=STREAMS,
            ),
            "m.call.negotiate",
            {
                "description": {"type": "answer", "sdp": "v=0"},
                "lifetime": 10000,
                "sdp_stream_metadata": WIRE_STREAMS,
            },
        ),
        (
            StreamMetadataChanged(call_id="call", party_id="OURS", streams=STREAMS),
            "m.call.sdp_stream_metadata_changed",
            {"sdp_stream_metadata": WIRE_STREAMS},
        ),
        (
            Replaces(
                call_id="call",
                party_id="OURS",
                replacement_id="r",
                target_user="@c:example.org",
                create_call="call-2",
            ),
            "m.call.replaces",
            {
                "replacement_id": "r",
                "target_user": {"id": "@c:example.org"},
                "create_call": "call-2",
            },
        ),
        (
            RejectReplacement(
                call_id="call", party_id="OURS", replacement_id="r", reason="declined"
            ),
            "m.call.reject_replacement",
            {"replacement_id": "r", "reason": "declined"},
        ),
        (
            AssertedIdentity(call_id="call", party_id="OURS", display_name="C"),
            "m.call.asserted_identity",
            {"asserted_identity": {"display_name": "C"}},
        ),
        (
            AssertedIdentity(call_id="call", party_id="OURS"),
            "m.call.asserted_identity",
            {"asserted_identity": None},
        ),
    ],
)
def test_each_content_on_the_wire(
    content: CallContent, event_type: str, fields: dict[str, Any]
) -> None:
    assert content.event_type == event_type
    common = {"call_id": "call", "party_id": "OURS", "version": "1"}
    assert content.to_wire() == {**common, **fields}
