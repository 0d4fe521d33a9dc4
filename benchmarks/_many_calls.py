"""Calls that come at a steady rate, each a short message, and what the bot's process grows by."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from benchmarks._bot_calls import Line, line
from benchmarks.harness import SpoiledRound

GREETING: Final = "Hello."
AT_ONCE: Final = 4
"""Calls that begin together."""
SETTLES: Final = 10 * AT_ONCE
"""So many calls later a message has been posted."""
LASTS: Final = 2.0
"""Seconds until the message begins, where nothing is late: the greeting, and the tone."""
MESSAGE: Final = 0.5
"""Seconds of it, at least."""
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

    def growth(self) -> float:
        """MB from the second tenth of the calls, when everything that is loaded and kept is there,
        to the last one: the medians, because calls that come together take more for a while."""
        tenth = max(1, len(self.memory) // 10)
        sizes = [size for _, size in self.memory]
        return statistics.median(sizes[-tenth:]) - statistics.median(sizes[tenth : 2 * tenth])


def many_calls(calls: int, rate: float, progress: Progress) -> Course:
    """`rate`: calls in a second. Where the machine is slower than that, so is the rate."""
    course = Course()
    began = time.monotonic()
    with line("voicemail", GREETING, favoured=False) as both:
        both.bot.ask("load models")
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
        time.sleep(LASTS)
        for first in range(max(0, calls - SETTLES), calls, AT_ONCE):
            _look(both, course, first)
        course.seconds = time.monotonic() - began
        course.memory.append((course.calls, float(both.bot.ask("memory")) / 1e6))
    return course


def _end(both: Line, course: Course, first: int) -> None:
    """Once all of them are recorded. Looks for the messages of the calls long before these."""
    with contextlib.suppress(SpoiledRound):  # a message that is not there is counted below
        both.until("recording", AT_ONCE, first=first, count=AT_ONCE)
    time.sleep(MESSAGE)
    both.end(first, AT_ONCE)
    if first >= SETTLES:
        _look(both, course, first - SETTLES)


def _look(both: Line, course: Course, first: int) -> None:
    files = both.bot.ask("posted", first=first, count=AT_ONCE)
    course.unposted += sum(not file for file in files)


def _wait(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))
