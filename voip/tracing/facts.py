"""Facts of everything that passes through the driver: sizes, kinds, reasons, never the values.

A `Party` among them is replaced by its name when the call is over and the peer is known. What this
module does not know is told by its class and fields, texts by their length alone, so that a new
event or notice shows up without being able to tell a secret.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

from voip.signalling.content import SCREENSHARE, USERMEDIA, StreamMetadata
from voip.signalling.events import Received
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey, Party
from voip.signalling.record import Record
from voip.tracing import descriptions
from voip.tracing.names import scrubbed

Facts: TypeAlias = dict[str, Any]

WIRE_REASONS: Final = frozenset(
    {
        *("user_hangup", "user_busy", "user_media_failed", "invite_timeout", "ice_failed"),
        *("ice_timeout", "unknown_error", "answered_elsewhere", "signalling_timeout"),
        *("replaced", "transferred", "new_session", "transfer_failed", "no_answer"),
        # What matrix-js-sdk adds to those of the specification.
        *("local_hangup", "remote_hangup", "no_user_media"),
    }
)
_SILENT: Final = frozenset({"key", "request"})
_TYPE: Final = re.compile(r"(m|org\.matrix)(\.[a-z_][a-z_0-9]{0,40}){1,6}")
_MAX_ITEMS: Final = 2000


def event_type(text: str) -> str:
    """A type as it is where it looks like one: it is the sender's to fill, with anything."""
    return text if _TYPE.fullmatch(text) else f"an event of an unknown type ({len(text)} chars)"


def wire_reason(text: str) -> str:
    return text if text in WIRE_REASONS else f"another reason ({len(text)} chars)"


def of_received(event: Received) -> Facts:
    facts: Facts = {"age_ms": round(event.age * 1000), "chars": size(event.content)}
    if event.room_encrypted:
        facts["encrypted"] = event.encrypted
    return facts | of_content(event.content)


def of_content(content: Mapping[str, object]) -> Facts:
    """Of an `m.call.*` content as it is on the wire, ours or anybody's: so nothing is believed."""
    facts: Facts = {}
    for name in ("offer", "answer", "description"):
        part = content.get(name)
        sdp = part.get("sdp") if isinstance(part, Mapping) else None
        if isinstance(sdp, str):
            facts[name] = descriptions.description(sdp)
    listed = content.get("candidates")
    if isinstance(listed, list):
        facts |= descriptions.candidates(wire_candidates(listed))
    lifetime = content.get("lifetime")
    if isinstance(lifetime, int | float) and not isinstance(lifetime, bool):
        facts["lifetime_ms"] = lifetime
    if "version" in content:
        version = content["version"]
        facts["version"] = str(version) if version in ("0", "1", 0, 1) else "another"
    reason = content.get("reason")
    if isinstance(reason, str):
        facts["reason"] = wire_reason(reason)
    return facts


def wire_candidates(listed: Iterable[object]) -> list[Candidate]:
    """Those that are candidates at all."""
    found = []
    for each in listed:
        text = each.get("candidate") if isinstance(each, Mapping) else None
        if isinstance(text, str):
            found.append(Candidate(text))
    return found


def of_other(thing: object) -> Facts:
    """Of an event, a command or a notice by its fields."""
    facts: Facts = {}
    for name in _field_names(thing):
        value = getattr(thing, name)
        if name == "candidates" and isinstance(value, tuple):
            facts |= descriptions.candidates(value)
        elif name not in _SILENT and value is not None:
            facts[name] = _value(name, value)
    return facts


def _field_names(thing: object) -> Sequence[str]:
    """Signalling's records and the media edge's dataclasses; anything else has none."""
    if isinstance(thing, Record):
        return thing.__struct_fields__
    if dataclasses.is_dataclass(thing):
        return [field.name for field in dataclasses.fields(thing)]
    return ()


def _value(name: str, value: object) -> Any:  # noqa: PLR0911  # a row for each kind of value
    match value:
        case bool() | int() | float() | Party():
            return value
        case CallKey():
            return "a call"
        case Enum():
            return value.name.lower()
        case str() if name == "sdp":
            return descriptions.description(value)
        case str() if value.startswith("@"):
            return Party(value, "")  # a user, whom the trace has a name for
        case str() if value in WIRE_REASONS:
            return value
        case str():
            return f"{len(value)} chars"
        case Mapping() if all(isinstance(each, StreamMetadata) for each in value.values()):
            return ", ".join(map(_stream, value.values())) or "none"
        case tuple() | list() | set() | frozenset() | Mapping():
            return f"{len(value)} items"
    return type(value).__name__


def _stream(said: StreamMetadata) -> str:
    """Not its id, nor a purpose that the other side made up."""
    muted = {"audio": said.audio_muted, "video": said.video_muted}
    purpose = said.purpose if said.purpose in (USERMEDIA, SCREENSHARE) else "another purpose"
    words = [purpose, *(f"{kind} muted" for kind, is_so in muted.items() if is_so)]
    return " ".join(words)


def words(thing: object) -> str:
    """What something is called, from its class: `OfferReady` is an `offer ready`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(thing).__name__).lower()


def detail(text: str) -> str:
    """The core's own words on an event, which may name a field that the sender made up."""
    return scrubbed(text)


def size(value: object) -> int:
    """About how long a content is, by its texts; bounded, however it nests."""
    total, waiting = 0, [value]
    for _ in range(_MAX_ITEMS):
        if not waiting:
            break
        match waiting.pop():
            case str(text):
                total += len(text)
            case Mapping() as mapping:
                waiting += [*mapping.keys(), *mapping.values()][:_MAX_ITEMS]
            case list() as items:
                waiting += items[:_MAX_ITEMS]
            case _:
                total += 4
    return total
