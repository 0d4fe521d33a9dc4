"""One deadline for each call, and the earliest of them at hand."""

from __future__ import annotations

import heapq
from math import inf
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

Armed: TypeAlias = tuple[float, int, Any]
"""A deadline, the number of its setting, whose it is. The number puts equal deadlines in the order
of their setting, and spares the comparison of their owners."""


class Timed(Protocol):
    """What can have a deadline. It carries its own: finding it must not cost a search."""

    armed: Armed | None
    """The deadline that counts; `Timers` alone writes it."""


T = TypeVar("T", bound=Timed)


class Timers(Generic[T]):
    """Setting and finding cost O(log n), however many calls there are.

    A heap whose outdated entries are dropped when they surface; it is rebuilt when they outnumber
    the live ones, so its size stays within twice the number of calls and a constant.
    """

    def __init__(self) -> None:
        self._heap: list[Armed] = []
        self.first = inf
        """Nothing is due before; asked at each event. Outdated entries may make it too early."""
        self._live = 0
        self._set = 0

    def set(self, whose: T, deadline: float | None) -> None:
        before = whose.armed
        if deadline == (None if before is None else before[0]):
            return
        if before is None:
            self._live += 1
        if deadline is None:
            self._live -= 1
            whose.armed = None
        else:
            self._set = number = self._set + 1
            whose.armed = entry = (deadline, number, whose)
            heapq.heappush(self._heap, entry)
            if deadline < self.first:  # noqa: PLR1730  # `min` takes three times as long
                self.first = deadline
        if len(self._heap) > 2 * self._live + 64:
            self._heap = [entry for entry in self._heap if _counts(entry)]
            heapq.heapify(self._heap)
            self._look()

    def next(self) -> float | None:
        """The earliest deadline, or None where nothing waits."""
        self._drop_outdated()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> T | None:
        """One whose deadline is at or before `now`; it has no deadline until it is set again."""
        self._drop_outdated()
        if self.first > now:
            return None
        whose: T = heapq.heappop(self._heap)[2]
        self._look()
        whose.armed = None
        self._live -= 1
        return whose

    def _drop_outdated(self) -> None:
        while self._heap and not _counts(self._heap[0]):
            heapq.heappop(self._heap)
        self._look()

    def _look(self) -> None:
        self.first = self._heap[0][0] if self._heap else inf


def _counts(entry: Armed) -> bool:
    return bool(entry[2].armed is entry)
