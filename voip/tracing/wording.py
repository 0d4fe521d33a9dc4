"""Facts and steps of a trace as short texts. Everything may be of another version: nothing is
believed to be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from voip.tracing.record import Pair, Step, Trace

_QUIET: Final = frozenset({"version", "complete"})
"""Facts that tell nothing where they are as always."""
_MS: Final[Mapping[str, str]] = {"took_ms": "took {}", "age_ms": "{} old", "lifetime_ms": "for {}"}
_LONGEST: Final = 300


def detail(step: Step) -> str:
    """The facts of a step in one line."""
    told = [_fact(name, value) for name, value in step.facts.items()]
    if step.facts.get("complete") is False:
        told.append("more candidates follow")
    if step.facts.get("version") not in (None, "1"):
        told.append(f"version {step.facts['version']}")
    return ", ".join(text for text in told if text)[:_LONGEST]


def _fact(name: str, value: Any) -> str:  # noqa: PLR0911  # a row for each kind of fact
    match name, value:
        case _, None:
            return ""
        case _, _ if name in _QUIET:
            return ""
        case _, int() | float() if name in _MS and not isinstance(value, bool):
            return _MS[name].format(duration(value))
        case "chars", _:
            return f"{value} chars"
        case "candidates", Mapping():
            return _candidates(value)
        case "last", _:
            return "the last" if value is True else ""
        case "encrypted", bool():
            return "encrypted" if value else "NOT encrypted"
        case _, Mapping():
            return _description(value)
        case _, bool():
            return name if value else ""
        case "peer" | "caller", _:  # the ladder's lane says it
            return ""
    return f"{name.replace('_', ' ')} {value}"


def _description(part: Mapping[str, Any]) -> str:
    media = part.get("media")
    lines = "; ".join(map(str, media)) if isinstance(media, list) else ""
    found = part.get("candidates")
    kinds = _candidates(found) if isinstance(found, Mapping) else ""
    return f"{lines} ({kinds})" if kinds else lines


def _candidates(kinds: Mapping[str, Any]) -> str:
    if not kinds:
        return "no candidates"
    return " + ".join(f"{count} {kind}" for kind, count in kinds.items())


def duration(ms: float) -> str:
    return f"{ms:.0f} ms" if abs(ms) < 1000 else f"{ms / 1000:.1f} s"


def short(event_type: str) -> str:
    """`invite` for `m.call.invite`."""
    return event_type.removeprefix("m.call.")


def ignored(step: Step) -> str:
    """Why a step changed nothing; empty where it did not."""
    if step.ignored is None:
        return ""
    more = f" ({step.ignored.detail})" if step.ignored.detail else ""
    return f"ignored: {step.ignored.text}{more}"


def pair(of: Pair) -> str:
    return f"{of.local} – {of.remote}"


def heading(trace: Trace) -> str:
    """As in `Inbound voice call 3f2a…, 2026-01-31 12:00:00 UTC`."""
    kind = "video" if trace.video else "voice"
    when = trace.began[:19].replace("T", " ")
    return f"{trace.direction.capitalize()} {kind} call {trace.id}, {when} UTC"


def media_lines(trace: Trace) -> list[tuple[str, str]]:
    """Name and value of what was counted."""
    media = trace.media
    if media is None:
        return []
    lines = [
        ("received", f"{media.packets_received} packets, {media.bytes_received} bytes"),
        ("sent", f"{media.packets_sent} packets, {media.bytes_sent} bytes"),
        ("lost", f"{media.packets_lost} of the other side's"),
        ("jitter", f"{media.jitter_ms} ms"),
    ]
    if media.lost_by_peer is not None:
        lines[2] = ("lost", f"{media.packets_lost} of the other side's, {media.lost_by_peer} ours")
    if media.round_trip_ms is not None:
        lines.append(("round trip", f"{media.round_trip_ms} ms"))
    if media.mos is not None:
        there = "" if media.mos_of_peer is None else f", {media.mos_of_peer:.1f} there"
        lines.append(("sound", f"{media.mos:.1f} of 4.4 here{there} (estimated MOS)"))
    if media.interruptions:
        lines.append(("interrupted", f"{media.interruptions} times"))
    if media.packets_refused:
        lines.append(("unreadable", f"{media.packets_refused} datagrams"))
    if media.candidates_ignored:
        lines.append(("unusable", f"{media.candidates_ignored} candidates"))
    return lines


def relay_lines(trace: Trace) -> list[tuple[str, str]]:
    relay = trace.relay
    lines = [("servers", ", ".join(relay.servers) or f"none ({relay.missing or 'not asked for'})")]
    return lines + [("problem", problem) for problem in relay.problems]
