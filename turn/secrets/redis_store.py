"""coturn's own secrets in Redis: a set for each realm, and our state beside it."""
# ruff: noqa: PLC0415 - redis is an extra: who keeps secrets elsewhere does not install it

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Change, Snapshot, by_fingerprint
from turn.secrets.rotation_text import dump, load
from turn.secrets.store import ANSWER_WITHIN, Conflict, bounded

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline


class RedisStore:
    """`turn/realm/<realm>/secret` in the database of a `redis://` URL."""

    def __init__(self, url: str, realm: str) -> None:
        self._url = url
        self._set = f"turn/realm/{realm}/secret"
        self._state = f"matrix-turn/rotation/{realm}"
        parts = urlsplit(url)
        self._name = f"{parts.hostname or 'this machine'}{parts.path}"  # without the password

    @property
    def where(self) -> str:
        return f"the set {self._set} of Redis at {self._name}"

    async def read(self) -> Snapshot:
        async with self._open() as database, database.pipeline(transaction=True) as together:
            together.smembers(self._set)
            together.get(self._state)
            members, state = await together.execute()
        values = by_fingerprint(bounded(set(members), self.where))
        return Snapshot(values, None if state is None else load(state, self.where))

    async def commit(self, before: Snapshot, change: Change) -> None:
        from redis.exceptions import WatchError

        async with self._open() as database, database.pipeline(transaction=True) as together:
            await together.watch(self._state)  # EXEC does nothing where it has changed since
            state = cast("str | None", await together.get(self._state))
            if (None if state is None else load(state, self.where)) != before.rotation:
                raise Conflict
            self._queue(together, change)
            try:
                await together.execute()
            except WatchError:
                raise Conflict from None

    def _queue(self, together: Pipeline, change: Change) -> None:
        together.multi()  # type: ignore[no-untyped-call]
        together.set(self._state, dump(change.rotation))
        if change.add is not None:
            together.sadd(self._set, change.add)
        if change.remove is not None:
            together.srem(self._set, change.remove)

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[Redis]:
        try:
            from redis.asyncio import Redis
            from redis.exceptions import RedisError
        except ImportError:
            raise SecretsUnavailable(
                "Redis needs a library: pip install 'matrix-voip[redis]'"
            ) from None
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                database = Redis.from_url(self._url, decode_responses=True)
                async with database:
                    yield database
        except (OSError, TimeoutError, ValueError, RedisError) as error:
            # The text of an error may quote what was sent; its kind does not.
            raise SecretsUnavailable(
                f"{self.where} cannot be used ({type(error).__name__}): see that it runs, and that"
                " the URL and the password are right"
            ) from None
