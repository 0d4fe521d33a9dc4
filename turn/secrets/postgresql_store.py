"""coturn's own table in PostgreSQL: the same as in SQLite, for relays on several machines."""
# ruff: noqa: PLC0415 - asyncpg is an extra: who keeps secrets elsewhere does not install it

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from urllib.parse import urlsplit

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Change, Rotation, Snapshot, by_fingerprint
from turn.secrets.rotation_text import dump, load
from turn.secrets.store import ANSWER_WITHIN, Conflict, bounded

UNREACHABLE = (OSError, TimeoutError, ValueError)
STATE_TABLE = "matrix_turn_rotation"
CREATE_STATE = f"CREATE TABLE IF NOT EXISTS {STATE_TABLE} (realm text PRIMARY KEY, state text)"
SELECT_STATE = f"SELECT state FROM {STATE_TABLE} WHERE realm = $1"  # noqa: S608 - our own name
UPDATE_STATE = (
    f"INSERT INTO {STATE_TABLE} (realm, state) VALUES ($1, $2)"  # noqa: S608
    " ON CONFLICT (realm) DO UPDATE SET state = EXCLUDED.state"
)


class Connection(Protocol):
    """What is used here of asyncpg's, which has no types."""

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[None]: ...
    async def execute(self, query: str, *arguments: str) -> str: ...
    async def fetch(self, query: str, *arguments: str) -> list[dict[str, Any]]: ...
    async def fetchval(self, query: str, *arguments: str) -> Any: ...


class PostgresqlStore:
    """`turn_secret` of one realm in the database of a `postgresql://` URL."""

    def __init__(self, url: str, realm: str) -> None:
        self._url = url
        self._realm = realm
        parts = urlsplit(url)
        self._name = f"{parts.hostname or 'this machine'}{parts.path}"  # without the password

    @property
    def where(self) -> str:
        return f"the table turn_secret of PostgreSQL at {self._name}"

    async def read(self) -> Snapshot:
        async with (
            self._open() as database,
            database.transaction(isolation="repeatable_read", readonly=True),
        ):
            return Snapshot(await self._values(database), await self._rotation(database))

    async def commit(self, before: Snapshot, change: Change) -> None:
        async with self._open() as database, database.transaction():
            # One commit at a time, also while there is no row yet that could be locked.
            await database.execute("SELECT pg_advisory_xact_lock(hashtext($1))", STATE_TABLE)
            if await self._rotation(database) != before.rotation:
                raise Conflict
            await database.execute(CREATE_STATE)
            await database.execute(UPDATE_STATE, self._realm, dump(change.rotation))
            if change.add is not None:
                await database.execute(
                    "INSERT INTO turn_secret (realm, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    self._realm,
                    change.add,
                )
            if change.remove is not None:
                await database.execute(
                    "DELETE FROM turn_secret WHERE realm = $1 AND value = $2",
                    self._realm,
                    change.remove,
                )

    async def _values(self, database: Connection) -> tuple[str, ...]:
        rows = await database.fetch("SELECT value FROM turn_secret WHERE realm = $1", self._realm)
        return by_fingerprint(bounded({str(row["value"]) for row in rows}, self.where))

    async def _rotation(self, database: Connection) -> Rotation | None:
        if await database.fetchval("SELECT to_regclass($1)", STATE_TABLE) is None:
            return None
        state = await database.fetchval(SELECT_STATE, self._realm)
        return None if state is None else load(str(state), self.where)

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[Connection]:
        try:
            import asyncpg  # type: ignore[import-untyped]
        except ImportError:
            raise SecretsUnavailable(
                "PostgreSQL needs a library: pip install 'matrix-voip[postgresql]'"
            ) from None
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                database = await asyncpg.connect(self._url, timeout=ANSWER_WITHIN)
                try:
                    yield database
                finally:
                    await database.close(timeout=1.0)
        except (*UNREACHABLE, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise SecretsUnavailable(self._explain(error)) from None

    def _explain(self, error: Exception) -> str:
        # The text of an error may quote what was sent; its kind does not.
        return (
            f"{self.where} cannot be used ({type(error).__name__}): see that it runs, that the URL"
            " and the password are right, and that the user may read turn_secret, and to rotate"
            " also write it and create tables"
        )
