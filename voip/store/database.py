"""One SQLite file behind one thread, so that no write ever waits on the event loop.

The thread takes work in the order in which it was asked for: two awaited writes are never
swapped, and a read sees every write that was asked for before it.

Durability. In WAL mode a commit survives `kill -9` of the process at either setting of
`synchronous`, since the log is with the operating system by then. They differ when the power
fails: NORMAL may lose the last commits (never consistency), FULL waits for the disk. Work that
stands in the way of an answer therefore runs at NORMAL; work whose loss would be seen by people
(a recording posted twice) asks for `durable=True`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Self, TypeAlias, TypeVar

from voip.store.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreInUseError,
    StoreTooNewError,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

Migration: TypeAlias = Sequence[str]
"""The statements that lead from one version of the schema to the next, in one transaction."""

LOCK_WAIT = 1.0
"""Seconds to wait for another process to let go of the file, e.g. one that is just ending."""
SHARED_LOCK_WAIT = 10.0
"""The same where the file is shared: the other one waits for the disk, perhaps."""


class Use(Enum):
    """Who else may have the file open."""

    ALONE = auto()
    """Nobody: a second process is turned away."""
    OWNER = auto()
    """Guests, for a moment each."""
    GUEST = auto()
    """An owner, and other guests: a damaged file is not for us to set aside."""


class Database:
    """A file that this process alone has open, unless it is shared. Made by `open`, ended by
    `close`."""

    def __init__(
        self,
        path: Path,
        thread: ThreadPoolExecutor,
        connection: sqlite3.Connection,
        set_aside: Path | None = None,
    ) -> None:
        self.path = path
        self.set_aside = set_aside
        """Where a damaged file went that was here when this one was opened."""
        self._thread = thread
        self._connection = connection
        self._closed = False

    @classmethod
    async def open(cls, path: Path, migrations: Sequence[Migration], use: Use = Use.ALONE) -> Self:
        """Open or create `path`, readable by its owner only, at the latest schema.

        A file that is damaged is renamed beside itself, with a warning, and a new one is made;
        as a guest this is left to the owner. Raises StoreDamagedError then, StoreInUseError,
        StoreTooNewError, or StoreError where the folder is not usable.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="voip-store")
        loop = asyncio.get_running_loop()
        try:
            connection, aside = await loop.run_in_executor(thread, _open, path, migrations, use)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(path, thread, connection, aside)

    async def run(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Do `work` in one transaction; it is undone whole where `work` raises.

        Once asked, the work is done even if the caller is cancelled meanwhile: what is written
        down must not depend on who still waits for it. With `durable`, it is on the disk on
        return. Raises StoreError, or what `work` raises.
        """
        if self._closed:
            raise StoreError(f"{self.path} is closed")
        future = asyncio.get_running_loop().run_in_executor(
            self._thread, _transaction, self._connection, work, durable, self.path
        )
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish what was asked for, fold the log into the file, end the thread. Once is enough."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._thread, self._connection.close))
        self._thread.shutdown(wait=False)


def _open(
    path: Path, migrations: Sequence[Migration], use: Use
) -> tuple[sqlite3.Connection, Path | None]:
    try:
        _private_file(path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}): give its folder to the user that runs"
            " this program, or name another data folder"
        ) from error
    try:
        return _connect(path, migrations, use), None
    except sqlite3.DatabaseError as error:
        if use is Use.GUEST or not _is_damage(error):
            raise _translated(error, path) from error
    aside = _set_aside(path)
    log.warning(
        "%s is damaged and was set aside as %s; starting with an empty one. Calls that were live"
        " before are not hung up; recordings are untouched",
        path,
        aside.name,
    )
    _private_file(path)
    return _connect(path, migrations, use), aside


def _private_file(path: Path) -> None:
    """SQLite gives its log the mode of the main file, so this one call covers both."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _connect(path: Path, migrations: Sequence[Migration], use: Use) -> sqlite3.Connection:
    # Autocommit, and transactions said by us: the module's own implicit ones are hard to see.
    connection = sqlite3.connect(
        path,
        timeout=LOCK_WAIT if use is Use.ALONE else SHARED_LOCK_WAIT,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if use is Use.ALONE:
            # Two with the same data folder would send with the same device.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.row_factory = sqlite3.Row
        _check(connection)
        _migrate(connection, migrations, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Raise DatabaseError for a file that opens but is damaged inside."""
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        damage = sqlite3.DatabaseError(verdict)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def _migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StoreTooNewError(
            f"{path} was written by a later version of this program: use that version, or move the"
            " file away (calls that it lists will not be hung up)"
        )
    for number, statements in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN EXCLUSIVE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _set_aside(path: Path) -> Path:
    """Rename the file and its log; the log belongs to it and would be replayed into a new one."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _transaction(
    connection: sqlite3.Connection,
    work: Callable[[sqlite3.Connection], T],
    durable: bool,
    path: Path,
) -> T:
    try:
        # Takes effect only outside a transaction, and syncs the whole log: earlier commits too.
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        result = work(connection)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _rollback(connection)
        raise _translated(error, path) from error
    except UnicodeEncodeError as error:  # JSON may carry half a surrogate pair, UTF-8 may not
        _rollback(connection)
        raise StoreError("a text that is not Unicode cannot be stored") from error
    except BaseException:
        _rollback(connection)
        raise
    return result


def _rollback(connection: sqlite3.Connection) -> None:
    # SQLite has rolled back by itself after some errors (a full disk among them).
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes carry the primary below
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _translated(error: sqlite3.Error, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if _is_damage(error):
        return StoreDamagedError(
            f"{path} is damaged ({error}): restart, it is then set aside and made anew"
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(f"no space left for {path}: free some, calls go on without a journal")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreInUseError(
            f"{path} is in use by another process: end that one, or give this one a data folder of"
            " its own"
        )
    return StoreError(f"{path}: {error}")
