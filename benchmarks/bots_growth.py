"""A thousand calls at a steady rate: does the bot's process grow?

Each is a whole call of the voicemail: greeting, tone, a message that is recorded and posted.
Compared is the memory in the second tenth of the calls, when all that is loaded and kept is there,
and in the last. `make soak` does ten thousand.
"""

from __future__ import annotations

from benchmarks import _plot, harness
from benchmarks._many_calls import many_calls
from benchmarks.harness import OUT, Row

CALLS = 1000
RATE = 4.0
"""Calls in a second."""
MOST = 10.0
"""MB."""


def run() -> list[Row]:
    course = many_calls(CALLS, RATE, _progress)
    draw("bots_growth", course.memory)
    what = f"{course.calls} calls, {course.rate:.1f} in a second"
    return [
        Row.within(
            f"{what}: growth of memory (bots_growth.svg)",
            course.growth(),
            unit="MB",
            goal=MOST,
        ),
        Row.within(f"{what}: messages that were not posted", course.unposted, unit="", goal=0),
    ]


def draw(name: str, memory: list[tuple[float, float]]) -> None:
    step = max(1, len(memory) // 100)
    _plot.write(OUT / f"{name}.svg", "A bot's memory", "calls", "MB", {"bot": memory[::step]})


def _progress(calls: int, memory: float) -> None:
    if calls % 50 == 0:
        harness.progress(f"{calls} of {CALLS} calls, {memory / 1e6:.1f} MB")
