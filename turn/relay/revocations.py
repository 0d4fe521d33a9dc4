"""A file of names that the relay refuses, followed while it runs.

For whoever revokes credentials in another process or on another machine: it needs no port and no
password, and a restart forgets nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

EVERY: Final = 1.0
"""Seconds between two looks at the file."""
MAX_BYTES: Final = 4 << 20
_log = logging.getLogger(__name__)


class Revokes(Protocol):
    """A relay."""

    def revoke(self, name: str, seconds: float) -> int:
        """End its allocations, and refuse it for so long."""

    def restore(self, name: str) -> None:
        """Refuse it no longer."""


@asynccontextmanager
async def following(relay: Revokes, path: Path, every: float = EVERY) -> AsyncIterator[None]:
    """What the file says counts from here on; a file that is not there names nobody.

    Raises OSError: the file cannot be read. When that happens later, the last names stay.
    """
    file = RevokedFile(relay, path)
    await file.look()
    task = asyncio.create_task(_follow(file, every), name="relay revocations")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class RevokedFile:
    """Ids or whole user names, one a line; lines that begin with # are for people."""

    def __init__(self, relay: Revokes, path: Path) -> None:
        self._relay = relay
        self._path = path
        self._names: frozenset[str] = frozenset()
        self._seen: tuple[int, int, int] | None = None

    async def look(self) -> None:
        """Do what has changed. Raises OSError."""
        names = await asyncio.to_thread(self._read)
        if names is None:
            return
        for name in names - self._names:
            self._relay.revoke(name, math.inf)
        for name in self._names - names:
            self._relay.restore(name)
        self._names = names

    def _read(self) -> frozenset[str] | None:
        """None where nothing has changed."""
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen == self._seen:
                return None
            with self._path.open("rb") as file:
                text = file.read(MAX_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            self._seen = None
            return frozenset()
        self._seen = seen
        lines = (line.strip() for line in text.splitlines())
        return frozenset(line for line in lines if line and not line.startswith("#"))


async def _follow(file: RevokedFile, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await file.look()
        except OSError as error:
            _log.warning("the file of revoked names cannot be read: %s", error.strerror)
