"""Taking single values out of a content that may hold anything.

The required ones raise `ContentError`, the optional ones take a value of the wrong type as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeGuard

from voip.signalling.content import Wire
from voip.signalling.errors import ContentError

MAX_ID: Final = 255
"""Longest `call_id` and `party_id`, in characters. The characters are not checked: party ids are
device ids in most clients, and those have no grammar."""
LONGEST_LIFETIME_MS: Final = 10**12


def common(content: Wire) -> tuple[str, str | None, int]:
    """`call_id`, `party_id`, version."""
    call_id = identifier(content, "call_id")
    version = content.get("version")
    if version == "1":  # nearly every one, and it is on the way of every event
        return call_id, identifier(content, "party_id"), 1
    if type(version) is int and version == 0:  # False == 0, but is no version
        return call_id, _party_of_version_0(content), 0
    if "version" not in content and "party_id" not in content:
        # Some clients leave out both in a hangup; who sent it is checked by the call.
        return call_id, None, 0
    return call_id, identifier(content, "party_id"), 1


def _party_of_version_0(content: Wire) -> str | None:
    """Version 0 knows no parties, but a client that speaks it to us may say its own."""
    party_id = optional_text(content, "party_id")
    return party_id if party_id and len(party_id) <= MAX_ID else None


def identifier(content: Wire, field: str) -> str:
    value = content.get(field)
    if type(value) is not str or not value.isascii():
        value = text(content, field)
    if not 0 < len(value) <= MAX_ID:
        raise ContentError(field, f"must have 1 to {MAX_ID} characters")
    return value


def text(content: Wire, field: str) -> str:
    value = content.get(field)
    if type(value) is str and value.isascii():
        return value  # nearly every one, and it is on the way of every event
    value = optional_text(content, field)
    if value is None:
        raise ContentError(field, "must be a string")
    return value


def optional_text(content: Wire, field: str) -> str | None:
    value = content.get(field)
    if not isinstance(value, str):
        return None
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it, no file can hold it
        return None
    return value


def mapping(content: Wire, field: str) -> Wire:
    value = content.get(field)
    if not is_object(value):
        raise ContentError(field, "must be an object")
    return value


def is_object(value: object) -> TypeGuard[Wire]:
    """Whether it is a JSON object; nearly every one is a plain dict, which is found out faster."""
    return type(value) is dict or isinstance(value, Mapping)


def whole_number(value: object) -> int | None:
    """An integer, also where a sender's JSON made it a float; anything else is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def lifetime(content: Wire) -> float:
    """In seconds."""
    lifetime_ms = whole_number(content.get("lifetime"))
    if lifetime_ms is None or lifetime_ms < 0:
        raise ContentError("lifetime", "must be a whole number of milliseconds")
    return min(lifetime_ms, LONGEST_LIFETIME_MS) / 1000


def description(content: Wire, field: str, *kinds: str) -> tuple[str, str]:
    """A session description's type, which is one of `kinds`, and its SDP.

    Where one kind alone is possible the type may be missing: clients "must not require [it] to be
    present" (MSC2746, "Deprecate type in m.call.invite and m.call.answer").
    """
    found = mapping(content, field)
    kind = kinds[0] if len(kinds) == 1 and "type" not in found else text(found, "type")
    if kind not in kinds:
        raise ContentError(f"{field}.type", f"must be {' or '.join(kinds)}")
    return kind, text(found, "sdp")
