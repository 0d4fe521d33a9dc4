"""How late an event loop is, and how much CPU its process takes, written down once a second.

`python -m benchmarks._probe FD` is a media worker with a probe in it; without FD there is nothing
but the probe.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voip.media.workers import worker

STEP: Final = 0.01
FOLDER: Final = "BENCH_PROBES"
"""The environment variable with the folder that probes write into: a file for each process."""


@dataclass(frozen=True)
class Probed:
    """One process, within a span of time."""

    cpu: float
    """Of one core, with all threads."""
    late: list[float]
    """Seconds that each step came late."""


async def probe() -> None:
    """Run beside everything else on the loop, until cancelled."""
    path = Path(os.environ[FOLDER]) / str(os.getpid())
    due = time.monotonic()
    late: list[float] = []
    with path.open("a") as file:
        while True:
            due = max(due + STEP, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            late.append(time.monotonic() - due)
            if len(late) >= 1 / STEP:
                file.write(json.dumps([time.monotonic(), time.process_time(), late]) + "\n")
                file.flush()
                late.clear()


def probed(folder: Path, begin: float, end: float) -> dict[int, Probed]:
    """What every process has written between two moments, by its id."""
    return {int(path.name): found for path in folder.iterdir() for found in _of(path, begin, end)}


def _of(path: Path, begin: float, end: float) -> Iterator[Probed]:
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("]")]
    within = [line for line in lines if begin <= line[0] <= end]
    if len(within) >= 2:
        first, last = within[0], within[-1]
        cpu = (last[1] - first[1]) / (last[0] - first[0])
        yield Probed(cpu, [late for line in within[1:] for late in line[2]])


async def _probed_worker(descriptor: int) -> None:
    task = asyncio.create_task(probe())
    try:
        await worker.serve(descriptor)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def favour(rank: int = 2) -> None:
    """Run before whatever else the machine has to do, where that is allowed: what is measured is
    not to be the load of others. Call before there are threads: they inherit it."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(rank))


if __name__ == "__main__":
    favour()
    if len(sys.argv) > 1:
        worker.main(_probed_worker)
    else:
        asyncio.run(probe())
