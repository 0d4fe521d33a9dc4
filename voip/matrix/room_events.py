"""What happens in a room beside calls that a bot may want to know: joins, reactions, redactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from voip.matrix.http import Json
from voip.matrix.timeline import is_encrypted, membership

REACTION = "m.reaction"
REDACTION = "m.room.redaction"


@dataclass(frozen=True, slots=True)
class Joined:
    room_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Reacted:
    room_id: str
    sender: str
    event_id: str
    """To which event."""
    key: str
    """The emoji, as the sender's client has it."""


@dataclass(frozen=True, slots=True)
class Redacted:
    room_id: str
    sender: str
    event_id: str
    """Which event."""


RoomEvent: TypeAlias = Joined | Reacted | Redacted


def room_event(room_id: str, event: Json) -> RoomEvent | None:
    """A raw event of a timeline; None for anything else, or not as specified."""
    content, sender = event["content"], event["sender"]
    if event["type"] == REDACTION:
        # In `content` since room version 11, beside the content before it.
        redacted = content.get("redacts", event.get("redacts"))
        return Redacted(room_id, sender, redacted) if isinstance(redacted, str) else None
    # Clients send reactions in the clear, or encrypted with the relation beside the ciphertext
    # ("Forming relationships between events").
    if event["type"] == REACTION or is_encrypted(event):
        return _reaction(room_id, sender, content.get("m.relates_to"))
    change = membership(event)
    if change is not None and change[1] == "join" and not _was_joined(event):
        return Joined(room_id, change[0])
    return None


def _reaction(room_id: str, sender: str, relation: object) -> Reacted | None:
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.annotation":
        return None
    event_id, key = relation.get("event_id"), relation.get("key")
    if isinstance(event_id, str) and isinstance(key, str):
        return Reacted(room_id, sender, event_id, key)
    return None


def _was_joined(event: Json) -> bool:
    """A new name or picture is a join event, too."""
    unsigned = event.get("unsigned")
    before = unsigned.get("prev_content") if isinstance(unsigned, dict) else None
    return isinstance(before, dict) and before.get("membership") == "join"
