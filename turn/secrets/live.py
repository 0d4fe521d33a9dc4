"""Secrets that may change while the process runs: read again, never older than promised."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from turn.secrets.model import Secrets, SecretsUnavailable
from turn.secrets.rotation import secrets_of
from turn.secrets.store import SecretStore

READ_EVERY = 5.0
"""Seconds that what was read is taken for what is there."""
OLDEST = 60
"""Seconds that it is used while the place does not answer. A rotation must wait at least as long
as this for everybody to see a step: the smallest `Pace.spread`."""


class LiveSecrets:
    """A SecretSource over a store. One read at a time, however many ask."""

    def __init__(
        self,
        store: SecretStore,
        read_every: float = READ_EVERY,
        oldest: float = OLDEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._read_every = read_every
        self._oldest = oldest
        self._clock = clock
        self._kept: Secrets | None = None
        self._kept_since = 0.0
        self._tried_at = float("-inf")
        self._failure = SecretsUnavailable(f"{store.where} has not been read yet")
        self._reading: asyncio.Task[None] | None = None

    async def secrets(self) -> Secrets:
        """The secrets, at most ``oldest`` seconds old. Raises SecretsUnavailable."""
        if self._clock() - self._tried_at >= self._read_every:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read(), name="turn secrets")
            # Whoever waits may be cancelled; the read is for the others too.
            await asyncio.shield(self._reading)
        if self._kept is None or self._clock() - self._kept_since > self._oldest:
            raise SecretsUnavailable(str(self._failure))
        return self._kept

    async def aclose(self) -> None:
        """End the read that may be under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        asked_at = self._clock()  # what comes back may be as old as the question
        try:
            self._kept = secrets_of(await self._store.read(), self._store.where)
            self._kept_since = asked_at
        except SecretsUnavailable as error:
            self._failure = error
        finally:
            self._tried_at = self._clock()
            self._reading = None
