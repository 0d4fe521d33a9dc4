"""One deadline for each call, and the earliest of them at hand."""

from __future__ import annotations

import heapq
from typing import TypeAlias

from voip.signalling.ids import CallKey

_Entry: TypeAlias = tuple[float, int, CallKey]
"""A deadline, the number of its setting, whose it is. The number puts equal deadlines in the order
of their setting, and spares the comparison of keys."""


class Timers:
    """Setting and finding cost O(log n), however many calls there are.

    A heap whose outdated entries are dropped when they surface; it is rebuilt when they outnumber
    the live ones, so its size stays within twice the number of calls and a constant.
    """

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._entries: dict[CallKey, _Entry] = {}
        """The one of each call that counts."""
        self._set = 0

    def set(self, key: CallKey, deadline: float | None) -> None:
        if deadline is None:
            self._entries.pop(key, None)
        else:
            before = self._entries.get(key)
            if before is None or before[0] != deadline:
                self._set += 1
                self._entries[key] = entry = (deadline, self._set, key)
                heapq.heappush(self._heap, entry)
        if len(self._heap) > 2 * len(self._entries) + 64:
            self._heap = [*self._entries.values()]
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """The earliest deadline, or None where nothing waits."""
        self._drop_outdated()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> CallKey | None:
        """A call whose deadline is at or before `now`; it has no deadline until it is set again."""
        if not self._heap or self._heap[0][0] > now:
            return None  # asked at each event, and outdated entries that are not due hurt nobody
        self._drop_outdated()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._entries[key]
        return key

    def _drop_outdated(self) -> None:
        while self._heap and self._entries.get(self._heap[0][2]) is not self._heap[0]:
            heapq.heappop(self._heap)
