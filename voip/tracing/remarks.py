"""What is worth a word about a call however it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from voip.tracing.paths import relay_problems
from voip.tracing.record import Media, Trace, number

LOSS: Final = 0.03
"""Part of the packets from which on Opus is heard to suffer."""
JITTER_MS: Final = 60.0
ROUND_TRIP_MS: Final = 400.0
"""200 ms one way, and what the two sides add: ITU-T G.114 calls 150 in all fine for most uses."""
LATE_MS: Final = 5000
"""An invite that old was under way for long."""
_SUSPECT: Final = {
    "plaintext": "came unencrypted in the encrypted room and was ignored",
    "malformed": "was not what the specification says and was ignored",
}


def remarks(trace: Trace) -> list[str]:
    told = [*_late(trace), *_ignored(trace)]
    if trace.media is not None and trace.marks.established is not None:
        told += _heard(trace, trace.media)
        told += [f"Besides: {line}" for line in relay_problems(trace)]
    return told


def _heard(trace: Trace, media: Media) -> Iterator[str]:
    if media.packets_received == 0:
        yield (
            "It was connected, but not one packet of audio came from the other side: its microphone"
            " was muted or not open."
        )
    if (part := _part(media.packets_lost, media.packets_received)) > LOSS:
        yield f"{part:.0%} of what the other side sent was lost on the way: expect broken sound."
    if (part := _part(media.lost_by_peer or 0, media.packets_sent)) > LOSS:
        yield f"{part:.0%} of what we sent was lost on the way: they heard broken sound."
    if media.jitter_ms > JITTER_MS:
        yield f"Packets came unevenly (jitter {media.jitter_ms:.0f} ms)."
    if media.round_trip_ms is not None and media.round_trip_ms > ROUND_TRIP_MS:
        yield (
            f"A packet and its answer took {media.round_trip_ms:.0f} ms: the two talk over each"
            " other at that delay."
        )
    if media.interruptions:
        times = "once" if media.interruptions == 1 else f"{media.interruptions} times"
        yield f"The connection was interrupted {times}: nothing came for seconds."
    if any(pair.chosen and "relay" in f"{pair.local} {pair.remote}" for pair in trace.pairs):
        yield "Media went through a relay."


def _part(lost: int, arrived: int) -> float:
    return max(lost, 0) / max(lost + arrived, 1)


def _late(trace: Trace) -> Iterator[str]:
    first = trace.steps[0] if trace.steps else None
    if first is None or first.what != "m.call.invite" or first.ignored is not None:
        return
    age = number(first, "age_ms") or 0
    if age > LATE_MS:
        yield f"The invite was {age / 1000:.0f} seconds old when it came."


def _ignored(trace: Trace) -> Iterator[str]:
    if trace.end is not None and trace.end.reason == "ignored":
        return
    for why, text in _SUSPECT.items():
        found = [step for step in trace.steps if step.ignored and step.ignored.why == why]
        if found:
            more = "" if len(found) == 1 else f" (and {len(found) - 1} more)"
            yield f"An event ({found[0].what}){more} {text}."
