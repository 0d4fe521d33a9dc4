"""Timers of different calls that run out together.

A wake-up of a process that sleeps costs more than most of what is done in it. What has to happen
about once a second, in each call, at no particular moment, happens at moments that all calls share.
"""

from __future__ import annotations

import math
from typing import Final

TICK: Final = 0.1
"""Seconds from one shared moment to the next: what one call may wait more than it asked for, and
few enough calls in each that the loop is not held up."""


def next_tick(when: float) -> float:
    """The first shared moment at or after `when`; both are seconds of the loop's clock."""
    return math.ceil(when / TICK - 1e-6) * TICK
