"""Limits of one process, in its memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from turn.limits import gcra
from turn.limits.model import Allowance, Reached

MOST = 100_000
"""Askers that are remembered; about 25 MB."""
NOTHING = gcra.Counted()


class MemoryLimiter:
    """Forgets those who have nothing left to remember, and beyond `most` the longest unseen."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.time) -> None:
        self._counted: OrderedDict[str, gcra.Counted] = OrderedDict()
        self._most = most
        self._clock = clock

    def __len__(self) -> int:
        return len(self._counted)

    async def take(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        """As `Limiter.take`; never raises."""
        return self.take_now(identity, rate, quota)

    def take_now(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        """As `take`, without waiting."""
        if rate is None and quota is None:
            return None
        now = self._clock()
        counted = self._counted.get(identity)
        after = gcra.take(counted or NOTHING, rate, quota, now)
        if isinstance(after, Reached):
            return after
        self._counted[identity] = after
        self._counted.move_to_end(identity)
        if counted is None:
            self._forget(now)
        return None

    def would_reach(self, identity: str, rate: Allowance | None) -> Reached | None:
        """What `take_now` would say; nothing is taken."""
        counted = self._counted.get(identity)
        if counted is None or rate is None:
            return None
        after = gcra.take(counted, rate, None, self._clock())
        return after if isinstance(after, Reached) else None

    def _forget(self, now: float) -> None:
        # Two looks for each one that is new keep it clean without ever going through all.
        for _ in range(2):
            oldest = next(iter(self._counted))
            if len(self._counted) <= self._most and self._counted[oldest].forget_at > now:
                return
            del self._counted[oldest]
            if not self._counted:
                return
