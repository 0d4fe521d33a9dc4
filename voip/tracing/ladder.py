"""A trace as the rows of a ladder diagram: us, the homeserver with the room, the other side.

Pure; the terminal and the page draw the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from voip.tracing import wording
from voip.tracing.record import Kind, Step, Trace


class Lane(IntEnum):
    US = 0
    ROOM = 1
    PEER = 2


LANES = ("us", "homeserver", "peer")


class Tone(StrEnum):
    PLAIN = "plain"
    FAINT = "faint"
    GOOD = "good"
    BAD = "bad"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Row:
    """An arrow from one lane to another; a note where both are the same."""

    ms: int
    start: Lane
    end: Lane
    label: str
    detail: str = ""
    state: str = ""
    """The call's new state, where it changed."""
    tone: Tone = Tone.PLAIN
    media: bool = False
    """Media, and not an event of the room."""

    @property
    def is_note(self) -> bool:
        return self.start is self.end


_GOOD = frozenset({"established", "media connected", "first audio of the other side"})
_BAD = frozenset({"media failed", "media given up"})
_LABELS = {
    Kind.TAKEN: "{what} taken",
    Kind.NOT_TAKEN: "{what} NOT taken",
    Kind.ASKED: "asked: {what}",
    Kind.TIMER: "timer: {what}",
    Kind.GAP: "{steps} steps left out",
}
_NOTES = {Kind.ROOM: Lane.ROOM}


def rows(trace: Trace) -> list[Row]:
    """In order; a row for each step, and one for the path that media took."""
    found: list[Row] = []
    for step in trace.steps:
        found.append(_row(step))
        chosen = next((pair for pair in trace.pairs if pair.chosen), None)
        if step.what == "media connected" and chosen is not None:
            label, path = "media, encrypted", wording.pair(chosen)
            found.append(Row(step.ms, Lane.US, Lane.PEER, label, path, tone=Tone.GOOD, media=True))
    return found


def _row(step: Step) -> Row:
    start, end = _lanes(step)
    stranger = f"from {step.who}" if step.who not in {"", "us", "peer"} else ""
    parts = (stranger, wording.ignored(step), wording.detail(step))
    detail = "; ".join(filter(None, parts))
    return Row(step.ms, start, end, _label(step), detail, step.state, _tone(step))


def _lanes(step: Step) -> tuple[Lane, Lane]:
    match step.kind:
        case Kind.SENT:
            return Lane.US, Lane.ROOM
        case Kind.TAKEN | Kind.NOT_TAKEN:
            return Lane.ROOM, Lane.US
        case Kind.RECEIVED:
            return (Lane.PEER if step.who == "peer" else Lane.ROOM), Lane.US
    lane = _NOTES.get(step.kind, Lane.US)
    return lane, lane


def _label(step: Step) -> str:
    what = wording.short(step.what)
    if step.kind is Kind.RECEIVED and step.who == "us":
        return f"echo of {what}"
    label = _LABELS.get(step.kind, "{what}")
    return label.format(what=what, steps=step.facts.get("steps", "some"))


def _tone(step: Step) -> Tone:
    if step.ignored is not None:
        return Tone.FAINT if step.ignored.why == "own_echo" else Tone.IGNORED
    if step.kind is Kind.NOT_TAKEN or step.what in _BAD:
        return Tone.BAD
    if step.what in _GOOD:
        return Tone.GOOD
    if step.kind in {Kind.TAKEN, Kind.MEDIA, Kind.GAP, Kind.ROOM}:
        return Tone.FAINT
    return Tone.PLAIN
