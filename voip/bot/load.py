"""Whether one more call can be served well, by what was measured. Pure; `load_meter` measures.

Two things spoil a call: an event loop that comes too late to its packets (`lag`), and a core that
has no time left (`cpu`). Both are smoothed, so that one long garbage collection declines nobody;
and once too high they must fall well below the limit before calls are taken again, or a bot at its
limit would say yes and no in turn.

A call costs nothing yet when it is admitted. So those of the last seconds are counted in at what
a call has cost so far: a hundred that come at once do not all find an idle machine.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

SMOOTHED_OVER: Final = 3.0
"""Seconds: the time constant of the exponential mean."""
SETTLES_IN: Final = 10.0
"""Seconds until the cost of a new call shows in the measure (media workers tell every five)."""
FREE_AT: Final = 0.8
"""Of the limits: below that a busy bot takes calls again."""
FIRST_GUESS: Final = 0.02
"""Of a core, for a call as long as nothing is known."""
GUESS_AT_MOST: Final = 0.25


@dataclass(frozen=True, slots=True)
class Load:
    """One measure."""

    lag: float
    """Seconds by which the event loop came too late, the worst since the last measure."""
    cpu: float
    """Of one core, for the thread of the event loop that carries the media: 0 to 1. With media
    workers that of the one which has most time left, as new calls go there."""
    carriers: int = 1
    """How many event loops share the calls."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    cpu: float | None = None
    """Of one core; None: not looked at."""
    lag: float | None = None
    """Seconds; None: not looked at."""


class LoadJudge:
    """Told of each measure and of each admitted call; asked before the next one."""

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self.lag = self.cpu = 0.0
        """Smoothed."""
        self.overloaded = False
        self._carriers = 1
        self._measured_at: float | None = None
        self._idle = 0.0
        """What is used without any call."""
        self._per_call = FIRST_GUESS
        self._admitted: deque[float] = deque(maxlen=1000)

    def measured(self, load: Load, live: int, now: float) -> None:
        """`live`: how many calls there were."""
        passed = math.inf if self._measured_at is None else now - self._measured_at
        weight = 1 - math.exp(-passed / SMOOTHED_OVER)
        self._measured_at = now
        self.lag += weight * (load.lag - self.lag)
        self.cpu += weight * (load.cpu - self.cpu)
        self._carriers = max(load.carriers, 1)
        self._estimate(live, now)
        if self._exceeds(1.0, self.cpu):
            self.overloaded = True
        elif not self._exceeds(FREE_AT, self.cpu):
            self.overloaded = False

    def admitted(self, now: float) -> None:
        self._admitted.append(now)

    def busy(self, now: float) -> bool:
        """Whether one more call would be one too many."""
        coming = (self._unsettled(now) + 1) * self._per_call / self._carriers
        return self.overloaded or self._exceeds(1.0, self.cpu + coming)

    def _estimate(self, live: int, now: float) -> None:
        settled = live - self._unsettled(now)
        if live == 0:
            self._idle = self.cpu
        elif settled > 0:
            cost = (self.cpu - self._idle) * self._carriers / settled
            self._per_call = min(max(cost, FIRST_GUESS), GUESS_AT_MOST)

    def _unsettled(self, now: float) -> int:
        return sum(at > now - SETTLES_IN for at in self._admitted)

    def _exceeds(self, share: float, cpu: float) -> bool:
        limits = self._limits
        return (limits.cpu is not None and cpu > limits.cpu * share) or (
            limits.lag is not None and self.lag > limits.lag * share
        )
