"""`python -m benchmarks._awake CORE`: does nothing, without sleeping, while nobody does anything.

A virtual processor that sleeps is given to others, and to wake it up for a packet takes a machine
below ours milliseconds, or tens of them where it is busy. That is told as a gap of whatever is
measured, and is none of its making: bare metal, and clouds that sell whole processors, have none.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 600.0
"""Seconds after which one ends by itself, whatever became of who started it."""


@contextmanager
def awake() -> Iterator[None]:
    """Every processor of ours is busy, with what gives way to anything else at once."""
    command = [sys.executable, "-m", __spec__.name]
    kept = [subprocess.Popen([*command, str(core)]) for core in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for process in kept:
            process.kill()
            process.wait()


def spin(core: int) -> None:
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    parent, until = os.getppid(), time.monotonic() + LONGEST
    while time.monotonic() < until and os.getppid() == parent:
        pass


if __name__ == "__main__":
    spin(int(sys.argv[1]))
