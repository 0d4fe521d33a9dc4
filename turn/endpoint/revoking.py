"""Revoked usernames, in the file that an embedded relay follows (`matrix-turn relay
--revoked-file`): one a line, each until it would have expired anyway."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from turn.endpoint.refusals import CannotRevoke

MOST_BYTES = 2 << 20
"""Half of what the relay reads: about 40,000 names."""


class RevokedFile:
    """Several processes may write to it; a reader sees the old list or the new one, whole."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    async def revoke(self, username: str) -> None:
        """The relay ends its allocations within seconds. Raises CannotRevoke."""
        try:
            await asyncio.to_thread(self._add, username)
        except OSError as error:
            raise CannotRevoke(
                f"the list of revoked names cannot be written: {error.strerror}"
            ) from None

    def _add(self, username: str) -> None:
        lock = os.open(f"{self._path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._write([*self._kept(), username])
        finally:
            os.close(lock)

    def _kept(self) -> list[str]:
        """What still counts; what people have written stays."""
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [line for line in lines if not self._is_over(line)]

    def _is_over(self, line: str) -> bool:
        expiry, colon, _ = line.partition(":")
        return bool(colon) and expiry.isdecimal() and int(expiry) < self._clock()

    def _write(self, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode()
        if len(text) > MOST_BYTES:
            raise CannotRevoke("too many names are revoked already: wait until some have expired")
        new = self._path.with_name(f"{self._path.name}.new")
        with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o640), "wb") as file:  # noqa: PTH123
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
