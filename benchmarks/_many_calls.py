"""Calls that come at a steady rate, each a short message, and what the bot's process grows by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from benchmarks._bot_calls import Line, line

GREETING: Final = "Hello."
AT_ONCE: Final = 4
"""Calls that begin together."""
SETTLES: Final = 10 * AT_ONCE
"""So many calls later a message has been posted."""
LASTS: Final = 4.0
"""Seconds of a call: the greeting, the tone, and a message of two seconds."""
Progress = Callable[[int, float], None]
"""Told of the calls that are done, and of the memory (bytes)."""


@dataclass
class Course:
    """How it went."""

    calls: int = 0
    seconds: float = 0.0
    unposted: int = 0
    """Calls whose message was not posted."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Resident memory (MB) of the bot's process after so many calls."""

    @property
    def rate(self) -> float:
        """Calls in a second, as it was."""
        return self.calls / self.seconds

    def growth(self, after: int) -> float:
        """MB from then to the end."""
        begin = next(size for calls, size in self.memory if calls >= after)
        return self.memory[-1][1] - begin


def many_calls(calls: int, rate: float, progress: Progress) -> Course:
    """`rate`: calls in a second. Where the machine is slower than that, so is the rate."""
    course = Course()
    began = time.monotonic()
    with line("voicemail", GREETING, favoured=False) as both:
        alive: list[tuple[float, int]] = []
        for first in range(0, calls, AT_ONCE):
            _wait(began + first / rate)
            while alive and alive[0][0] <= time.monotonic():
                _end(both, course, alive.pop(0)[1])
            both.connect(first, AT_ONCE)
            both.callers.ask("talk", first=first, count=AT_ONCE)
            alive.append((time.monotonic() + LASTS, first))
            course.calls = first + AT_ONCE
            memory = float(both.bot.ask("memory"))
            course.memory.append((course.calls, memory / 1e6))
            progress(course.calls, memory)
        for due, first in alive:
            _wait(due)
            _end(both, course, first)
        course.seconds = time.monotonic() - began
        course.memory.append((course.calls, float(both.bot.ask("memory")) / 1e6))
    return course


def _end(both: Line, course: Course, first: int) -> None:
    """Looks for the messages of the calls before these, which have had their time."""
    both.end(first, AT_ONCE)
    if first >= SETTLES:
        files = both.bot.ask("posted", first=first - SETTLES, count=AT_ONCE)
        course.unposted += sum(not file for file in files)


def _wait(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))
