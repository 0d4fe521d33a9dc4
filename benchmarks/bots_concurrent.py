"""Voicemail calls at the same time, callers in a process of their own: is anything missing?

Every caller hears a greeting of 16 s while the others do, then speaks for 12 s while all are
recorded. A gap is the time between two packets of a prompt, by the kernel's clock, without the
silence between them that is not sent; beside it stands what the machine itself adds, the longest
that a process which does nothing was kept waiting. What is missing of a message is what the caller
said less what is in the file that was posted. The processors are kept awake. Where the machine
cannot carry as many calls (`--calls`), fewer are tried, until nothing is missing: the largest
number is a row too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from benchmarks import harness
from benchmarks._awake import awake
from benchmarks._bot_calls import Line, line
from benchmarks._media_process import ANNOUNCEMENT, QUIET
from benchmarks._probe import FOLDER, probed
from benchmarks.harness import Row, SpoiledRound

CALLS = 50
AT_ONCE = 1
"""Calls that are connected at the same time."""
FEWER = 0.7
"""What is tried next, as a share."""
FEWEST = 5
SECONDS = 12.0
MOST_GAP = 40.0
"""Milliseconds."""
MOST_MISSING = 1.0
"""Seconds."""
PATIENCE = 120.0


@dataclass(frozen=True)
class Measured:
    calls: int
    gap: float
    """Milliseconds, the longest in any prompt."""
    stall: float
    """Milliseconds, the longest that a process which does nothing was kept waiting meanwhile."""
    over: int
    """How many were longer than allowed."""
    missing: float
    """Seconds of the message of which most is missing."""

    @property
    def good(self) -> bool:
        return self.gap <= MOST_GAP and self.missing < MOST_MISSING


def run() -> list[Row]:
    asked = harness.options.calls or CALLS
    first = _unspoiled(asked)
    largest = first if first is not None and first.good else _fewer(asked)
    rows = [*_rows(asked, first), _carried(asked, largest)]
    if largest is not None and largest is not first:
        rows += _rows(largest.calls, largest)
    return rows


def _rows(calls: int, found: Measured | None) -> list[Row]:
    """`found` is None where some calls did not come to be at all."""
    gap, missing = (found.gap, found.missing) if found else (float("inf"), float("inf"))
    over = f"; {found.over} above {MOST_GAP:.0f} ms" if found else "; not all were served"
    return [
        Row.within(
            f"{calls} voicemail calls: longest gap in a prompt{over}",
            gap,
            unit="ms",
            goal=MOST_GAP,
            peer=found.stall if found else None,
            peer_name="a process that does nothing waits",
        ),
        Row.within(
            f"{calls} voicemail calls: most that is missing of a message",
            missing,
            unit="s",
            goal=MOST_MISSING,
        ),
    ]


def _carried(asked: int, largest: Measured | None) -> Row:
    calls = largest.calls if largest else 0
    what = f"voicemail calls at once without a flaw, of {asked} that were asked for"
    return Row(what, calls, None, "", "calls", None, None, None)


def _fewer(asked: int) -> Measured | None:
    """The largest number that is carried, among ever smaller ones."""
    calls = asked
    while calls > FEWEST:
        calls = max(FEWEST, int(calls * FEWER))
        found = _unspoiled(calls)
        if found is not None and found.good:
            return found
    return None


def _unspoiled(calls: int) -> Measured | None:
    try:
        found = measure(calls)
    except SpoiledRound as spoiled:
        harness.progress(f"{calls} calls: {spoiled}")
        return None
    harness.progress(f"{calls} calls: gaps up to {found.gap:.0f} ms, {found.missing:.1f} s missing")
    return found


def measure(calls: int, seconds: float = SECONDS) -> Measured:
    """Raises SpoiledRound where a call was not connected, recorded or posted."""
    with awake(), stalls() as longest, line("voicemail", ANNOUNCEMENT.text) as both:
        for first in range(0, calls, AT_ONCE):
            both.connect(first, min(AT_ONCE, calls - first))
            harness.progress(f"{first + AT_ONCE} of {calls} calls are connected")
        both.until("recording", calls, PATIENCE, first=0, count=calls)
        heard, stall = both.heard(0, calls), longest()
        both.callers.ask("talk", first=0, count=calls)
        time.sleep(seconds)
        both.callers.ask("hush", first=0)
        said = both.callers.ask("said", first=0, count=calls)
        time.sleep(0.5)  # the last packets are on their way
        both.bot.ask("hang up", first=0, count=calls)
        missing = _missing(both, said)
        both.callers.ask("end", first=0, count=calls)
    gaps = [1000 * gap for one in heard for gap in one["gaps"]]
    over = sum(gap > MOST_GAP for gap in gaps)
    return Measured(calls, max(gaps, default=30.0), 1000 * stall, over, max(missing))


@contextmanager
def stalls() -> Iterator[Callable[[], float]]:
    """Gives what tells the longest wait so far (seconds) of a process that only sleeps."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        environment = {**os.environ, FOLDER: folder}
        command = [sys.executable, "-m", "benchmarks._probe"]
        with subprocess.Popen(command, env=environment) as process:
            try:
                yield lambda: max(probed(Path(folder), began, time.monotonic())[process.pid].late)
            finally:
                process.kill()


def _missing(both: Line, said: list[int]) -> list[float]:
    files = both.until_posted(0, len(said))
    return [(packets - _voiced(Path(file))) / 50 for packets, file in zip(said, files, strict=True)]


def _voiced(file: Path) -> int:
    """Packets of 20 ms that are not silence."""
    with av.open(str(file)) as container:
        return sum(packet.size > QUIET for packet in container.demux(audio=0))
