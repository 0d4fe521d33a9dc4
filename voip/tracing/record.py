"""What is kept of a call, as JSON. Read leniently: a trace may come from another version."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

FORMAT: Final = 1
MAX_BYTES: Final = 256 * 1024
"""Of one trace as JSON; steps in the middle are left out beyond it."""


class Kind(StrEnum):
    """What sort of step it was, which says where it stands in the ladder."""

    RECEIVED = "received"
    """An event came out of the room."""
    SENT = "sent"
    """An event of ours went to the homeserver."""
    TAKEN = "taken"
    NOT_TAKEN = "not taken"
    """The homeserver's word on an event of ours."""
    ROOM = "room"
    """Something else that the homeserver told: a sync is complete, a member left."""
    ASKED = "asked"
    """Whoever uses this device wished it."""
    MEDIA = "media"
    """The core asked the media edge, or heard from it."""
    NOTICE = "notice"
    """The core told it."""
    TIMER = "timer"
    GAP = "gap"
    """Steps that were left out for their number."""


class Why(msgspec.Struct, kw_only=True):
    """Why a remote event changed nothing."""

    why: str
    """The name of an `IgnoreReason`, in small letters."""
    text: str
    detail: str = ""


class Step(msgspec.Struct, kw_only=True, omit_defaults=True):
    ms: int
    """Milliseconds since the first step."""
    kind: Kind
    what: str
    who: str = ""
    """Of what was received: who sent it."""
    facts: dict[str, Any] = {}
    state: str = ""
    """The state of the call, where it changed with this step."""
    ignored: Why | None = None


class End(msgspec.Struct, kw_only=True):
    reason: str
    """The name of an `EndReason` in small letters; `crashed`; or `ignored` where the invite was."""
    text: str
    by: str
    """The name of a `By`, in small letters."""
    wire_reason: str = ""
    why: str = ""
    """For `ignored`: the name of the `IgnoreReason`, in small letters."""


class Pair(msgspec.Struct, kw_only=True):
    local: str
    remote: str
    state: str
    chosen: bool = False


class Relay(msgspec.Struct, kw_only=True):
    """STUN and TURN, as the homeserver gave them and as they answered."""

    servers: list[str] = []
    missing: str = ""
    """Why the homeserver gave no servers; empty where it gave some, or was not asked."""
    problems: list[str] = []


class Media(msgspec.Struct, kw_only=True):
    """Counted when the media were closed. Durations are milliseconds."""

    connected: bool
    packets_received: int
    packets_lost: int
    packets_sent: int
    packets_refused: int
    candidates_ignored: int
    bytes_received: int
    bytes_sent: int
    jitter_ms: float
    lost_by_peer: int | None = None
    round_trip_ms: float | None = None
    mos: float | None = None
    mos_of_peer: float | None = None
    """How it sounded here, and there: the E-model's estimate, 1 to 4.4."""
    interruptions: int = 0
    failure: str = ""
    """The name of a `MediaFailure`, in small letters."""


class Marks(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Milliseconds since the first step; None where it never came."""

    answered: int | None = None
    established: int | None = None
    first_audio: int | None = None
    ended: int | None = None


class Trace(msgspec.Struct, kw_only=True):
    id: str
    """Our own id of the call."""
    direction: str
    """`inbound` or `outbound`."""
    began: str
    """UTC."""
    format: int = FORMAT
    rang: bool = False
    video: bool = False
    encrypted: bool | None = None
    """Whether what was received came encrypted; None where nothing was received."""
    peer: str = ""
    """A Matrix id, where the settings allow names; else empty."""
    room: str = ""
    """As `peer`."""
    end: End | None = None
    marks: Marks = msgspec.field(default_factory=Marks)
    ours: list[str] = []
    """Our candidates."""
    theirs: list[str] = []
    pairs: list[Pair] = []
    relay: Relay = msgspec.field(default_factory=Relay)
    media: Media | None = None
    steps: list[Step] = []
    software: dict[str, str] = {}
    """Versions of what took part on our side."""


def number(step: Step | None, name: str) -> float | None:
    """A fact that is a number; a file from elsewhere may hold anything."""
    value = None if step is None else step.facts.get(name)
    return value if isinstance(value, int | float) else None


class NoTrace(ValueError):
    """The file is no trace, or one that this version cannot read."""


def encoded(trace: Trace) -> bytes:
    """As indented JSON of at most MAX_BYTES."""
    while len(data := msgspec.json.format(msgspec.json.encode(trace), indent=1)) > MAX_BYTES:
        kept = len(trace.steps) // 3
        if kept == 0:
            trace = msgspec.structs.replace(trace, steps=[], pairs=[], ours=[], theirs=[])
            continue
        trace = msgspec.structs.replace(trace, steps=cut(trace.steps, kept))
    return data


def cut(steps: list[Step], each: int) -> list[Step]:
    """The first and the last `each` steps, with a word on those between."""
    head, middle, tail = steps[:each], steps[each:-each], steps[-each:]
    if not middle:
        return steps
    count = sum(step.facts.get("steps", 1) if step.kind is Kind.GAP else 1 for step in middle)
    gap = Step(ms=middle[0].ms, kind=Kind.GAP, what="left out", facts={"steps": count})
    return [*head, gap, *tail]


def decoded(data: bytes) -> Trace:
    """Raises NoTrace."""
    try:
        return msgspec.json.decode(data, type=Trace)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoTrace(f"this is no call trace that this version can read: {error}") from None
