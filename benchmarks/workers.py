"""Media in worker processes: what a second one brings, and whether encryption holds up a packet.

Every recorded call is a real one, over ICE, DTLS and SRTP. Whoever speaks is in processes of its
own, whose CPU is left aside; but they need the same cores, so workers cannot be loaded here until
they fail. What is compared is what a worker pays for its calls, alone, and with another one beside
it that has as many: where it pays the same, two carry twice the calls.

Lag is how late a step of 10 ms comes on the event loop of the process with the calls. The machine
adds to it when more wants to run than it has cores for, so a process that does nothing is measured
beside them. Whoever has the calls runs with a higher priority than all else, where that is allowed,
then whoever speaks.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from benchmarks._media_calls import SETTLE, Side
from benchmarks._probe import FOLDER, Probed, probed
from benchmarks.harness import Row, SpoiledRound, progress

EACH = 25
"""Calls of one worker."""
MANY = 100
DEVICES = 200
SECONDS = 10.0
ROUNDS = 3
TRIES = 3
AT_ONCE = 10
"""Calls that are connected at the same time."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made there
"""Without a disk to wait for, giving out keys is nothing but computation: the worst case."""


@dataclass(frozen=True)
class Measured:
    """What the processes with the calls paid."""

    cpu: float
    """Per cent of a core, the mean of them."""
    lag: float
    """Milliseconds that one step of a hundred exceeds, in the worst of them."""
    idle: float
    """The same of a process that does nothing, beside them: what the machine itself adds."""


def run() -> list[Row]:
    return [*_two_against_one(), *_beside_encryption()]


def _two_against_one() -> list[Row]:
    two, one = _alternated(_Case(2, 2 * EACH), _Case(1, EACH))
    what = f"a worker with {EACH} recorded calls"
    peer = "without another one"
    return [
        # With two workers as many more calls as the CPU of each stays the same.
        Row.against(
            f"{what}: CPU, another one beside it",
            two.cpu,
            one.cpu,
            peer_name=peer,
            unit="% of a core",
            goal=2 / 1.7,
        ),
        Row.against(f"{what}: lag, p99", two.lag, one.lag, peer_name=peer, unit="ms"),
    ]


def _beside_encryption() -> list[Row]:
    workers, inside = _alternated(_Case(2, MANY, DEVICES), _Case(0, MANY, DEVICES))
    return [
        Row.within(
            f"{MANY} calls recorded while {DEVICES} devices get keys: lag, p99",
            workers.lag,
            unit="ms",
            goal=10.0,
            peer=inside.lag,
            peer_name="all in one process",
        ),
        Row.against(
            "the same of a process that does nothing",
            workers.idle,
            inside.idle,
            peer_name="all in one process",
            unit="ms",
        ),
    ]


@dataclass(frozen=True)
class _Case:
    workers: int
    calls: int
    devices: int = 0
    """That get keys meanwhile, again and again."""


def _alternated(ours: _Case, peer: _Case) -> tuple[Measured, Measured]:
    """Both in turn, in alternating order; the medians."""
    found: dict[_Case, list[Measured]] = {ours: [], peer: []}
    for number in range(ROUNDS):
        for case in (ours, peer) if number % 2 == 0 else (peer, ours):
            progress(f"{case}: round {number + 1} of {ROUNDS}")
            found[case].append(_unspoiled(case))
    return _median(found[ours]), _median(found[peer])


def _median(all_of_them: list[Measured]) -> Measured:
    return Measured(
        statistics.median(one.cpu for one in all_of_them),
        statistics.median(one.lag for one in all_of_them),
        statistics.median(one.idle for one in all_of_them),
    )


def _unspoiled(case: _Case) -> Measured:
    for _ in range(TRIES - 1):
        try:
            return _measured(case)
        except SpoiledRound as spoiled:
            progress(f"once more: {spoiled}")
    return _measured(case)


def _measured(case: _Case) -> Measured:
    fast = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=fast) as memory, tempfile.TemporaryDirectory() as disk:
        folders = [Path(disk) / str(number) for number in range(case.calls)]
        for one in folders:
            one.mkdir()
        found = _run(case, folders, Path(memory))
        for one in folders:
            if (length := _length(one / "audio.ogg")) < SECONDS:
                raise SpoiledRound(f"a recording has {length:.1f} s")
    return found


def _run(case: _Case, folders: list[Path], memory: Path) -> Measured:
    probes = memory / "probes"
    probes.mkdir()
    os.environ[FOLDER] = str(probes)
    with _recording(case, folders) as bot, _doing_nothing() as idle:
        own = int(bot.ask("pid"))
        if case.devices:
            bot.ask("share", devices=case.devices, folder=str(memory))
        time.sleep(SETTLE)
        begin = time.monotonic()
        time.sleep(SECONDS)
        found = probed(probes, begin, time.monotonic())
        bot.ask("stop")
    nothing = found.pop(idle)
    media = [one for pid, one in found.items() if (pid == own) == (case.workers == 0)]
    cpu = 100 * statistics.mean(one.cpu for one in media)
    return Measured(cpu, max(map(_lag, media)), _lag(nothing))


def _lag(one: Probed) -> float:
    return 1000 * statistics.quantiles(one.late, n=100)[98]


@contextmanager
def _doing_nothing() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-m", "benchmarks._probe"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@contextmanager
def _recording(case: _Case, folders: list[Path]) -> Iterator[Side]:
    """A bot that records somebody who speaks in each of its calls."""
    with (
        Side("", "benchmarks._speakers") as speakers,
        Side(str(case.workers), "benchmarks._workers_process") as bot,
    ):
        bot.ask("open")
        for first in range(0, case.calls, AT_ONCE):
            offers = speakers.ask("offer", count=min(AT_ONCE, case.calls - first))
            speakers.ask("apply", answers=bot.ask("answer", offers=offers, first=first))
        bot.ask("record", folders=[str(one) for one in folders])
        speakers.ask("talk")
        yield bot


def _length(path: Path) -> float:
    """Decoded, so that a file which does not play cannot pass."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
