"""Call traces, one JSON file each: written off the loop, bounded in number and age.

What is in one is the tracer's affair; here it is bytes with a name. The newest are kept, and of
calls that never rang only a part, so that a flood of those does not push out the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

MAX_WAITING: Final = 256
"""Traces that wait for the disk; beyond it they are dropped."""
CLOSING_SECONDS: Final = 5.0
_NAME: Final = re.compile(r"(\d{8}T\d{9})Z-([A-Za-z0-9_-]{1,64})(\.unrung)?\.json")
_STAMP: Final = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A trace as its file name tells it."""

    id: str
    began: datetime
    """UTC."""
    rang: bool
    """False where the call never rang: its invite was ignored."""

    @property
    def name(self) -> str:
        stamp = self.began.astimezone(UTC).strftime(_STAMP)[:-3]  # milliseconds
        return f"{stamp}Z-{self.id}{'' if self.rang else '.unrung'}.json"

    @classmethod
    def named(cls, name: str) -> TraceFile | None:
        """None for a file that is no trace."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        try:
            began = datetime.strptime(f"{match[1]}000+0000", f"{_STAMP}%z")
        except ValueError:
            return None
        return cls(match[2], began, match[3] is None)


class TraceStore:
    """Traces in `folder`: at most `keep`, none older than `days`. Made on the event loop."""

    def __init__(self, folder: Path, *, keep: int = 1000, days: float = 30) -> None:
        self._folder, self._keep, self._days = folder, keep, days
        self._waiting: deque[tuple[TraceFile, Callable[[], bytes]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self.dropped = 0
        """For metrics."""

    def put(self, file: TraceFile, data: Callable[[], bytes]) -> None:
        """Write a trace, in place of an earlier one of the same name. Does not wait.

        `data` is called in another thread.
        """
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        self._waiting.append((file, data))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="traces")

    async def aclose(self) -> None:
        """Wait until what was put is written, a few seconds at most."""
        if self._worker is not None:
            _, pending = await asyncio.wait({self._worker}, timeout=CLOSING_SECONDS)
            for worker in pending:
                worker.cancel()

    async def _work(self) -> None:
        try:
            while self._waiting:
                await asyncio.to_thread(self._write, *self._waiting.popleft())
        finally:
            self._worker = None

    def _write(self, file: TraceFile, data: Callable[[], bytes]) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(self._folder / file.name, data())
            self._prune()
        except OSError as error:
            log.error("a call's trace could not be written (%s); calls go on", error.strerror)
        except Exception:
            log.exception("a call's trace could not be made")

    def _prune(self) -> None:
        oldest = datetime.now(UTC) - timedelta(days=self._days)
        unrung = 0
        for number, file in enumerate(list_traces(self._folder), start=1):
            unrung += not file.rang
            too_many = number > self._keep or (not file.rang and unrung > max(1, self._keep // 4))
            if too_many or file.began < oldest:
                (self._folder / file.name).unlink(missing_ok=True)


def list_traces(folder: Path) -> list[TraceFile]:
    """The traces in a folder, the newest first. Raises OSError; no folder is no traces."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(_found(folder), key=lambda file: file.name, reverse=True)
    return []


def _found(folder: Path) -> Iterator[TraceFile]:
    for name in os.listdir(folder):  # noqa: PTH208  # names are all that is wanted
        if (file := TraceFile.named(name)) is not None:
            yield file


def _write_private(path: Path, data: bytes) -> None:
    """For the owner alone, and never half there."""
    beside = path.with_name(f".{path.name}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    beside.replace(path)
