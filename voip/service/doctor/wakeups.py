"""Whether this machine wakes up in time: in a call, a packet is due every 20 ms.

A virtual processor that sleeps is given to other guests. Where those are busy it comes back late,
and what is late in a call is a gap, however little there is to do.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from voip.service.doctor.model import Finding, ok, warning

SLEEPS: Final = 100
SLEEP: Final = 0.02
"""Seconds; as long as a packet."""
LATE: Final = 0.01
"""Seconds. Half a packet is what most listeners' buffers make up for."""
MOST_LATE: Final = 0.02
"""The share of the sleeps that may be."""
GAP: Final = 0.04
"""Seconds: a gap that is heard."""


def wakeups_finding() -> Finding:
    """Takes two seconds, and blocks."""
    return judged([_late() for _ in range(SLEEPS)])


def _late() -> float:
    due = time.monotonic() + SLEEP
    time.sleep(SLEEP)
    return max(0.0, time.monotonic() - due)


def judged(late: Sequence[float]) -> Finding:
    """By the seconds that each wake-up was late."""
    over, worst = sum(one > LATE for one in late), max(late)
    found = f"of {len(late)} wake-ups {over} were over {LATE * 1000:.0f} ms late, "
    found += f"the latest {worst * 1000:.0f} ms"
    if worst < GAP and over <= MOST_LATE * len(late):
        return ok("wake-ups", found)
    return warning(
        "wake-ups",
        f"{found}: calls may have gaps",
        "look for what else is busy here; on a virtual machine ask for processors of its own (see"
        " “Processors that wake up in time” in docs/many-users.md)",
    )
