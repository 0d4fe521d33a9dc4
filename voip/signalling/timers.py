"""One deadline for each call, and the earliest of them at hand."""

from __future__ import annotations

import heapq

from voip.signalling.ids import CallKey


class Timers:
    """Setting and finding cost O(log n), however many calls there are.

    A heap whose outdated entries are dropped when they surface; it is rebuilt when they outnumber
    the live ones, so its size stays within twice the number of calls and a constant.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, CallKey]] = []
        self._deadlines: dict[CallKey, float] = {}

    def set(self, key: CallKey, deadline: float | None) -> None:
        if deadline is None:
            self._deadlines.pop(key, None)
        elif self._deadlines.get(key) != deadline:
            self._deadlines[key] = deadline
            heapq.heappush(self._heap, (deadline, key))
        if len(self._heap) > 2 * len(self._deadlines) + 64:
            self._heap = [(deadline, key) for key, deadline in self._deadlines.items()]
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
        _, key = heapq.heappop(self._heap)
        del self._deadlines[key]
        return key

    def _drop_outdated(self) -> None:
        while self._heap and self._deadlines.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
