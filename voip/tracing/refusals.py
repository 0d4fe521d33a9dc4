"""Why an invite never rang, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from voip.tracing.record import End, Trace, number

_SENTENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "malformed": ("It never rang: the invite is not what the specification says.",),
    "unsupported": ("It never rang: the invite needs something that this version does not do.",),
    "own_call": ("It never rang: another device of ours calls somebody else in this room.",),
    "not_for_us": ("It never rang: the invite is for somebody else in the room.",),
    "public_room": (
        "It never rang: anybody may join the room, and in such rooms calls do not ring (MSC2746).",
        "Call in a room that one has to be invited to.",
    ),
    "plaintext": (
        "It never rang: the invite came unencrypted in an encrypted room.",
        "Either the caller's client does not encrypt, or somebody on the way made it up.",
    ),
    "over_before": (
        "It never rang: the end of the call came before its invite, or with it.",
        "We were away while it was called, or another device took or declined it first.",
    ),
    "duplicate": ("It never rang: a call of this id is known already.",),
    "too_many": (
        "It never rang: too many calls wait for an answer already.",
        "Somebody may be flooding us with invites.",
    ),
}


def refusal(trace: Trace, end: End) -> list[str]:
    if end.why == "expired":
        return _expired(trace)
    told = list(_SENTENCES.get(end.why, (f"It never rang: {end.text}.",)))
    details = [step.ignored.detail for step in trace.steps if step.ignored and step.ignored.detail]
    return [*told, f"In detail: {details[0]}."] if details else told


def _expired(trace: Trace) -> list[str]:
    invite = trace.steps[0] if trace.steps else None
    age, lifetime = number(invite, "age_ms"), number(invite, "lifetime_ms")
    old = "" if age is None else f": {age / 1000:.0f} seconds old"
    of = f", of the {lifetime / 1000:.0f} that it rings" if lifetime and old else ""
    return [
        f"It never rang: the invite had expired when it came{old}{of}.",
        "We were not running or not syncing, or it came late between the homeservers; in an"
        " encrypted room its key may have come late.",
    ]
