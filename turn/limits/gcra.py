"""The arithmetic of both limits. Pure: what is stored and what time it is come in.

A rate is held with the generic cell rate algorithm (ITU-T I.371): one number for each asker, the
time at which its bucket would be empty again. A quota is counted in windows that begin at
multiples of their length, so that replicas agree on them without talking.
"""

from __future__ import annotations

from typing import NamedTuple

from turn.limits.model import Allowance, Limit, Reached


class Counted(NamedTuple):
    """What is kept of one asker. A tuple, as one is made for each request."""

    empty_at: float = 0.0
    """When the bucket of the rate is empty again (Unix time, seconds)."""
    window: int = 0
    """The number of the quota's window since 1970."""
    taken: int = 0
    """In that window."""
    forget_at: float = 0.0
    """From then on this says no more than nothing at all."""


def take(
    counted: Counted, rate: Allowance | None, quota: Allowance | None, now: float
) -> Counted | Reached:
    """What is kept after one more was taken, or why it was not."""
    kept_empty_at, kept_window, kept_taken, _ = counted
    empty_at = now
    if rate is not None:
        # A clock that was set back must not lock anybody out for longer than one bucket.
        if kept_empty_at > now:
            empty_at = min(kept_empty_at, now + rate.seconds)
        empty_at += rate.seconds / rate.count
        # The small tolerance absorbs what floating point loses in a sum of many steps.
        if (too_early := empty_at - now - rate.seconds) > 1e-6:
            return Reached(Limit.RATE, too_early)
    if quota is None:
        return Counted(empty_at, 0, 0, empty_at)
    window = int(now // quota.seconds)
    taken = kept_taken if kept_window == window else 0
    ends = float((window + 1) * quota.seconds)
    if taken >= quota.count:
        return Reached(Limit.QUOTA, ends - now)
    return Counted(empty_at, window, taken + 1, max(empty_at, ends))
