"""coturn's own table in SQLite: what is changed here, coturn accepts with its next request."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Change, Rotation, Snapshot, by_fingerprint
from turn.secrets.rotation_text import dump, load
from turn.secrets.store import ANSWER_WITHIN, Conflict, bounded

P = ParamSpec("P")
T = TypeVar("T")

STATE_TABLE = "matrix_turn_rotation"
"""Ours, beside coturn's `turn_secret`, so that both change in one transaction."""
CREATE_STATE = f"CREATE TABLE IF NOT EXISTS {STATE_TABLE} (realm TEXT PRIMARY KEY, state TEXT)"
SELECT_STATE = f"SELECT state FROM {STATE_TABLE} WHERE realm = ?"  # noqa: S608 - our own name
UPDATE_STATE = f"INSERT OR REPLACE INTO {STATE_TABLE} (realm, state) VALUES (?, ?)"  # noqa: S608


class SqliteStore:
    """`turn_secret` of one realm in a file such as /var/lib/turn/turndb."""

    def __init__(self, file: Path, realm: str) -> None:
        self._file = file
        self._realm = realm

    @property
    def where(self) -> str:
        return f"the table turn_secret of {self._file}"

    async def read(self) -> Snapshot:
        return await asyncio.to_thread(self._explained, self._read)

    async def commit(self, before: Snapshot, change: Change) -> None:
        await asyncio.to_thread(self._explained, self._commit, before, change)

    def _read(self) -> Snapshot:
        try:
            return self._read_as("ro")
        except sqlite3.OperationalError as error:
            # Somebody was killed in a commit. Whoever may write takes it back by reading: coturn
            # with its next request, or we.
            if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":
                raise
            return self._read_as("rw")

    def _read_as(self, mode: str) -> Snapshot:
        with self._open(mode) as database:
            database.execute("BEGIN")  # both tables as of one moment
            return Snapshot(self._values(database), self._rotation(database))

    def _commit(self, before: Snapshot, change: Change) -> None:
        with self._open("rw") as database:
            database.execute("BEGIN IMMEDIATE")
            if self._rotation(database) != before.rotation:
                raise Conflict
            database.execute(CREATE_STATE)
            database.execute(UPDATE_STATE, (self._realm, dump(change.rotation)))
            if change.add is not None:
                database.execute(
                    "INSERT OR IGNORE INTO turn_secret (realm, value) VALUES (?, ?)",
                    (self._realm, change.add),
                )
            if change.remove is not None:
                database.execute(
                    "DELETE FROM turn_secret WHERE realm = ? AND value = ?",
                    (self._realm, change.remove),
                )
            database.execute("COMMIT")

    def _values(self, database: sqlite3.Connection) -> tuple[str, ...]:
        rows = database.execute("SELECT value FROM turn_secret WHERE realm = ?", (self._realm,))
        return by_fingerprint(bounded({str(value) for (value,) in rows}, self.where))

    def _rotation(self, database: sqlite3.Connection) -> Rotation | None:
        tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        if not database.execute(tables, (STATE_TABLE,)).fetchone()[0]:
            return None
        row = database.execute(SELECT_STATE, (self._realm,)).fetchone()
        return None if row is None else load(str(row[0]), self.where)

    @contextlib.contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Closing without COMMIT rolls back. `mode`: ro or rw, so that no file is ever made."""
        uri = f"{self._file.absolute().as_uri()}?mode={mode}"
        database = sqlite3.connect(uri, uri=True, timeout=ANSWER_WITHIN, isolation_level=None)
        with contextlib.closing(database):
            yield database

    def _explained(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except sqlite3.Error as error:
            raise SecretsUnavailable(
                f"{self.where} cannot be used ({error}): give coturn's database file, and run as a"
                " user who may read it, and write it to rotate"
            ) from None
