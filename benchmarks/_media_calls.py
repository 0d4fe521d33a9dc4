"""Calls between two processes, for the benchmarks of the media path."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SETTLE = 1.5
"""Seconds between the last connection and the first measurement."""


class Side:
    """A process with one side of the calls; see `_media_process` for the roles."""

    def __init__(self, role: str, module: str = "benchmarks._media_process") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, role],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **arguments: Any) -> Any:
        """Have it do something, and wait for the result."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the benchmark's other process ended while it was to {do}")
        return json.loads(line)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@contextmanager
def recording(role: str, folder: Path, count: int) -> Iterator[tuple[Side, list[Path]]]:
    """`count` calls in which `role` records somebody who speaks; gives the folders it uses."""
    folders = [folder / str(number) for number in range(count)]
    for one in folders:
        one.mkdir(parents=True)
    with Side("load-speaking") as load, Side(role) as subject:
        offers = load.ask("offer", count=count)
        load.ask("apply", answers=subject.ask("answer", offers=offers))
        subject.ask("record", folders=[str(one) for one in folders])
        yield subject, folders


@contextmanager
def announcing(role: str, count: int) -> Iterator[tuple[Side, Side]]:
    """`count` calls in which `role` plays the announcement; gives it and the listening side."""
    with Side("load-listening") as load, Side(role) as subject:
        offers = subject.ask("offer", count=count)
        subject.ask("apply", answers=load.ask("answer", offers=offers))
        yield subject, load


def percent_a_call(subject: Side, count: int, seconds: float) -> float:
    """CPU of the process, all its threads, in per cent of a core for one call."""
    time.sleep(SETTLE)
    return 100 * float(subject.ask("measure", seconds=seconds)) / count
