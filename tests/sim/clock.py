"""What is going to happen, in the order in which it does. Nothing here looks at a real clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import TypeAlias

Action: TypeAlias = Callable[[], None]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self._order = itertools.count()
        self._planned: list[tuple[float, int, Action]] = []

    def after(self, delay: float, action: Action) -> None:
        heapq.heappush(self._planned, (self.now + delay, next(self._order), action))

    @property
    def next(self) -> float | None:
        return self._planned[0][0] if self._planned else None

    def step(self) -> None:
        """Let the earliest thing happen."""
        self.now, _, action = heapq.heappop(self._planned)
        action()
