"""Spans of a recording in which nothing is kept, because somebody asked for it."""

from __future__ import annotations

import math
from typing import Final

from voip.media.events import Mark, MarkKind
from voip.signalling.record import Record

GUARD: Final = 0.2
"""Seconds that a mask goes on after its end: what was said before it is still on its way."""
MOST: Final = 1000
"""Spans of one recording that are told apart; beyond, the last one grows."""


class Cut(Record):
    """From here on, or up to here, nothing is kept. Goes the way of the packets, in their order."""

    kind: MarkKind
    begins: bool
    at: float
    """Seconds of the clock of the packets' arrivals."""


class Marks:
    """The spans of one recording, on that clock. Belongs to the writer's thread."""

    def __init__(self) -> None:
        self._open: dict[MarkKind, float] = {}
        self._spans: list[tuple[MarkKind, float, float]] = []
        self._closed = 0
        self._last_end = 0.0
        self.kept_from = 0.0
        """What arrives before this second is left out; infinite while a span is open."""

    def cut(self, cut: Cut) -> None:
        """A second beginning, and an end without one, are no error."""
        if cut.begins:
            self._open.setdefault(cut.kind, cut.at)
        elif cut.kind in self._open:
            end = cut.at + (GUARD if cut.kind is MarkKind.MASK else 0.0)
            self._close(cut.kind, self._open.pop(cut.kind), end)
        self.kept_from = math.inf if self._open else self._last_end

    def _close(self, kind: MarkKind, began: float, end: float) -> None:
        self._closed += 1
        self._last_end = max(self._last_end, end)
        if len(self._spans) >= MOST:
            began = self._spans.pop()[1]
        self._spans.append((kind, began, end))

    @property
    def count(self) -> int:
        """How often something began or ended."""
        return 2 * self._closed + len(self._open)

    def spans(self, began: float, ended: float) -> tuple[Mark, ...]:
        """All of them, in seconds of the recording; those still open end with it."""
        still = [(kind, since, ended) for kind, since in self._open.items()]
        return tuple(
            Mark(kind, max(since - began, 0.0), min(until, ended) - began)
            for kind, since, until in sorted([*self._spans, *still], key=lambda span: span[1])
            if until > began
        )
