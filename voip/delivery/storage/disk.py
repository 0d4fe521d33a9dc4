"""Copies in a folder, for example of a network disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from voip.delivery.errors import Postponed
from voip.delivery.storage.source import Source
from voip.delivery.worker import Job


class DiskTarget:
    """Written beside and renamed. A copy that broke off is begun again: reading it through to be
    sure of its beginning would take as long."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def store(self, job: Job, source: Source, name: str) -> None:
        await asyncio.to_thread(self._store, source, name)

    async def erase(self, name: str) -> None:
        await asyncio.to_thread(self._erase, name)

    def _store(self, source: Source, name: str) -> None:
        self._require_folder()
        path = self._folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        beside = _beside(path)
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                for number in range(source.parts):
                    file.write(source.part(number))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _sync(path.parent)

    def _erase(self, name: str) -> None:
        self._require_folder()
        path = self._folder / name
        path.unlink(missing_ok=True)
        _beside(path).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it has other files in it, or is not there
            path.parent.rmdir()

    def _require_folder(self) -> None:
        """It is not made by us: a disk that is not mounted must not be taken for an empty one."""
        if not self._folder.is_dir():
            raise Postponed("the folder for copies is not there: is its disk mounted?")


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _sync(folder: Path) -> None:
    """So that the rename, too, survives a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
