"""Joins, reactions and redactions, as the homeserver's JSON has them."""

from __future__ import annotations

from typing import Any

import pytest

from voip.matrix.room_events import Joined, Reacted, Redacted, RoomEvent, room_event

ROOM, ANN = "!r:x", "@ann:x"
RELATION = {"rel_type": "m.annotation", "event_id": "$notice", "key": "❌"}
REACTED = Reacted(ROOM, ANN, "$notice", "❌")
JOIN = {"type": "m.room.member", "state_key": ANN, "content": {"membership": "join"}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "m.reaction", "content": {"m.relates_to": RELATION}}, REACTED),
        ({"type": "m.room.encrypted", "content": {"m.relates_to": RELATION}}, REACTED),
        ({"type": "m.room.encrypted", "content": {"ciphertext": "…"}}, None),
        ({"type": "m.room.message", "content": {"m.relates_to": RELATION}}, None),
        ({"type": "m.reaction", "content": {"m.relates_to": "❌"}}, None),
        ({"type": "m.reaction", "content": {"m.relates_to": RELATION | {"key": 1}}}, None),
        ({"type": "m.reaction", "content": {"m.relates_to": RELATION | {"event_id": None}}}, None),
        (
            {
                "type": "m.reaction",
                "content": {"m.relates_to": RELATION | {"rel_type": "m.thread"}},
            },
            None,
        ),
        (
            {"type": "m.room.redaction", "content": {"redacts": "$notice"}},
            Redacted(ROOM, ANN, "$notice"),
        ),
        (
            {"type": "m.room.redaction", "content": {}, "redacts": "$notice"},
            Redacted(ROOM, ANN, "$notice"),
        ),
        ({"type": "m.room.redaction", "content": {}}, None),
        (JOIN, Joined(ROOM, ANN)),
        (JOIN | {"unsigned": {"prev_content": {"membership": "invite"}}}, Joined(ROOM, ANN)),
        (JOIN | {"unsigned": {"prev_content": {"membership": "join"}}}, None),
        (JOIN | {"content": {"membership": "leave"}}, None),
    ],
)
def test_what_counts(fields: dict[str, Any], expected: RoomEvent | None) -> None:
    assert room_event(ROOM, {"event_id": "$e", "sender": ANN, **fields}) == expected
