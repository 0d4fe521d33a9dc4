"""What the interpreter does to packets that are due: other threads, and its collector."""

from __future__ import annotations

import gc
import sys
from typing import Final

TURN: Final = 0.0005
"""Seconds that a thread may keep the interpreter while another one waits for it. Python's own 5 ms
are a quarter of a packet's time, and the loop waits anew after each system call: what hears speech
or writes recordings beside it held up 32 datagrams for up to 0.2 s."""


def take_short_turns() -> None:
    """For the whole process, as there is one interpreter."""
    sys.setswitchinterval(TURN)


def forget_what_stays() -> None:
    """What was imported and made so far stays for good: the collector, which stops everything
    while it looks (0.1 s with some dozen calls), need not look through it again and again.

    For a process that serves until it ends, once it is ready.
    """
    gc.collect()
    gc.freeze()
