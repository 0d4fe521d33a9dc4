"""How much of a core a worker takes, by what it says of itself with each pong."""

from __future__ import annotations


class Share:
    def __init__(self) -> None:
        self.cpu = 0.0
        """Of one core, between the last two times that it said so."""
        self._last: tuple[float, float] | None = None

    def told(self, cpu: float, now: float) -> None:
        """`cpu`: seconds of computing since the worker began; `now`: when we heard of it."""
        if self._last is not None and now > self._last[1]:
            self.cpu = max(0.0, cpu - self._last[0]) / (now - self._last[1])
        self._last = cpu, now
