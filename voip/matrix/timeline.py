"""Reading raw room events: which of them matter here, and how old they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeGuard

from voip.matrix.http import Json

CALL_TYPES = ("m.call.", "org.matrix.call.")
"""The second is the unstable prefix of MSC3077 and MSC3086, which clients still send."""
ENCRYPTED = "m.room.encrypted"
MEMBER = "m.room.member"

ROOM_STATE = (
    MEMBER,
    "m.room.encryption",
    "m.room.join_rules",
    "m.room.name",
    "m.room.canonical_alias",
    "m.room.history_visibility",
)
ANSWERS = ("m.reaction", "m.room.redaction")
"""By which people say something about what we posted."""
VERIFICATION = ("m.room.message", "m.key.verification.*")
"""A request to verify somebody is a message, so that every client shows something of it."""
TIMELINE_LIMIT = 100


def timeline_filter() -> Json:
    """The event filter of sync timelines and of back-fill: messages of people take no place."""
    types = [*ROOM_STATE, ENCRYPTED, *ANSWERS, *(prefix + "*" for prefix in CALL_TYPES)]
    return {"types": types, "limit": TIMELINE_LIMIT, "lazy_load_members": True}


def sync_filter(*, verification: bool = False) -> Json:
    """Synapse's own limit is 10 events a room, in which calls get lost.

    :param verification: with what is said of it in rooms; it brings everybody's messages.
    """
    timeline = timeline_filter()
    if verification:
        timeline["types"] += VERIFICATION
    return {
        "presence": {"types": []},
        "account_data": {"types": ["m.direct"]},
        "room": {
            "account_data": {"types": []},
            "ephemeral": {"types": []},
            "state": {"types": list(ROOM_STATE), "lazy_load_members": True},
            "timeline": timeline,
        },
    }


def rooms_of(raw: Json, which: str) -> Json:
    """Room id → room in the `join`, `invite` or `leave` section of a sync response."""
    rooms: Any = raw.get("rooms")
    found = rooms.get(which) if isinstance(rooms, dict) else None
    return found if isinstance(found, dict) else {}


def events_of(room: object, part: str) -> Iterator[Json]:
    """The well-formed events of a room's `timeline` or `state` in a sync response."""
    section = room.get(part) if isinstance(room, dict) else None
    events = section.get("events") if isinstance(section, dict) else None
    for event in events if isinstance(events, list) else ():
        if is_event(event):
            yield event


def is_event(event: object) -> bool:
    """It has the strings and the content without which nobody can do anything with it."""
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(key), str) for key in ("type", "sender", "event_id"))
        and isinstance(event.get("content"), dict)
    )


def is_call_type(type_: str) -> bool:
    return type_.startswith(CALL_TYPES)


def is_call_event(event: Json) -> bool:
    """A message of a call. `m.call.member` of MatrixRTC is room state, and not ours."""
    return is_call_type(event["type"]) and "state_key" not in event


def is_encrypted(event: Json) -> bool:
    return bool(event["type"] == ENCRYPTED) and "state_key" not in event


def membership(event: Json) -> tuple[str, str] | None:
    """(user, membership) of a member event, else None."""
    user, value = event.get("state_key"), event["content"].get("membership")
    if event["type"] == MEMBER and isinstance(user, str) and isinstance(value, str):
        return user, value
    return None


def age_of(event: Json, *, wall_clock: float | None = None) -> float:
    """Seconds since the sender's server took the event, at the time the server answered us.

    By `unsigned.age`, which does not depend on our clock; where that is absent, by the sender's
    server's timestamp and our clock, which is the best that is left. Never negative.

    Synapse 1.163 leaves `age` out of everything that comes from another homeserver: taken for
    new, an invite would ring however long its server was away.
    """
    unsigned: Any = event.get("unsigned")
    age_ms = unsigned.get("age") if isinstance(unsigned, dict) else None
    if _is_number(age_ms):
        return max(0.0, age_ms / 1000)
    sent_ms = event.get("origin_server_ts")
    if not _is_number(sent_ms):
        return 0.0
    now = time.time() if wall_clock is None else wall_clock
    return max(0.0, now - sent_ms / 1000)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
