"""When a worker that died is started again: later each time, and not for ever."""

from __future__ import annotations

from typing import Final

FIRST: Final = 0.25
LONGEST: Final = 30.0
"""Seconds to wait."""
MOST: Final = 10
"""Deaths one soon after the other, after which a worker stays away: two minutes in all."""
WELL: Final = 60.0
"""Seconds that a worker has to live for its predecessors to be forgotten."""


class Restarts:
    """Of one worker's place."""

    def __init__(self) -> None:
        self._deaths = 0

    def wait(self, lived: float) -> float | None:
        """After a death: seconds until the next start; None where there is to be none."""
        self._deaths = 1 if lived >= WELL else self._deaths + 1
        if self._deaths > MOST:
            return None
        return float(min(FIRST * 2 ** (self._deaths - 1), LONGEST))
