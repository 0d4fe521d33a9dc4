"""How many calls one person may have: at the same time, and begun within a minute. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60.0
REMEMBERED_AT_MOST: Final = 10_000
"""People. Beyond that the one who has been quiet for longest is forgotten."""


@dataclass(frozen=True, slots=True)
class CallerLimits:
    at_once: int | None = None
    """Calls of one person that live at the same time; None: any number."""
    per_minute: int | None = None
    """Calls of one person that are taken within a minute; None: any number. Those that are
    declined do not count: whoever calls again and again gets through when the minute is over."""


class CallerRates:
    """When each person's calls of the last minute were taken."""

    def __init__(self, per_minute: int | None) -> None:
        self._most = per_minute
        self._taken: dict[str, deque[float]] = {}

    def exceeded(self, user_id: str, now: float) -> bool:
        times = self._taken.get(user_id)
        if self._most is None or times is None:
            return False
        return sum(at > now - MINUTE for at in times) >= self._most

    def note(self, user_id: str, now: float) -> None:
        """A call of this person was taken."""
        if self._most is None:
            return
        times = self._taken.pop(user_id, None) or deque(maxlen=self._most)
        times.append(now)
        self._taken[user_id] = times  # at the end: who called last is forgotten last
        if len(self._taken) > REMEMBERED_AT_MOST:
            del self._taken[next(iter(self._taken))]
