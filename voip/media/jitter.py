"""How late packets are, and how long to wait for them.

As NetEQ, the jitter buffer of WebRTC, does: the delay of a packet is told in comparison with the
fastest one lately, and the wait follows the worst of most short intervals. A single stall is
ridden out, a network that stalls again and again is waited for.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class _Interval:
    number: int
    fastest: float
    slowest: float


class Jitter:
    """The transit of a packet is its arrival less its position in the stream, both in seconds;
    its zero means nothing, for the two clocks have nothing in common.
    """

    INTERVAL = 0.25
    """Seconds of one interval, of which only the extremes are kept."""
    MEMORY = 40
    """Intervals: 10 s."""
    EXCEPTIONS = 20
    """One interval in so many may be worse than what is waited for."""
    RECENT = 4
    """Intervals of which none is an exception: troubles seldom come alone."""
    LASTING = 1.0
    """Seconds that every recent packet must be late so that it is the sender's clock that
    stood still."""

    def __init__(self) -> None:
        self._intervals: deque[_Interval] = deque(maxlen=self.MEMORY)
        self._exceptions = 0.0
        self._recent = 0.0
        self.base: float | None = None
        """The transit of the fastest packet lately."""

    @property
    def wait(self) -> float:
        """Seconds that a packet may be later than the fastest one."""
        return max(self._exceptions, self._recent)

    def add(self, transit: float, arrival: float) -> None:
        number = int(arrival / self.INTERVAL)
        last = self._intervals[-1] if self._intervals else None
        if self.base is None or last is None:
            self.base = transit
            self._intervals.append(_Interval(number, transit, transit))
        elif number > last.number:
            self._intervals.append(_Interval(number, transit, transit))
            self._review(number)
        else:
            last.fastest, last.slowest = min(last.fastest, transit), max(last.slowest, transit)
        self.base = min(self.base, transit)
        self._recent = max(self._recent, transit - self.base)

    def _review(self, now: int) -> None:
        """Once an interval: forget what is old."""
        while self._intervals[0].number <= now - self.MEMORY:
            self._intervals.popleft()
        recent = [one for one in self._intervals if one.number > now - self.RECENT]
        fastest = min(one.fastest for one in recent)
        self.base = min(one.fastest for one in self._intervals)
        if fastest > self.base + self.LASTING and len(recent) == self.RECENT:
            self._intervals = deque(recent, self.MEMORY)
            self.base = fastest
        slowest = sorted(one.slowest - self.base for one in self._intervals)
        self._exceptions = slowest[-1 - len(slowest) // self.EXCEPTIONS]
        self._recent = max(one.slowest for one in recent) - self.base
