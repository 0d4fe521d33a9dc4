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
PATIENCE = 0.5
"""Seconds that whoever asks waits for a newer answer while there is one that may be used."""


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
        self._asked_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure = SecretsUnavailable(f"{store.where} has not been read yet")
        self._reading: asyncio.Task[None] | None = None

    async def secrets(self) -> Secrets:
        """The secrets, at most ``oldest`` seconds old. Raises SecretsUnavailable."""
        if self._kept is None or self._clock() - self._tried_at >= self._read_every:
            await self._refresh()
        if self._kept is None or self._age() > self._oldest:
            raise SecretsUnavailable(str(self._failure))
        return self._kept

    def kept(self) -> Secrets | None:
        """What `secrets` would give at once; None: it is time to read again."""
        fresh = self._clock() - self._tried_at < self._read_every
        return self._kept if fresh and self._age() <= self._oldest else None

    async def aclose(self) -> None:
        """End the read that may be under way."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _age(self) -> float:
        return self._clock() - self._kept_since

    async def _refresh(self) -> None:
        """Join the read that is under way, or start one; but let no slow place hold up everybody
        who asks while what we have may still be used."""
        now = self._clock()
        if self._reading is None:
            if now - self._tried_at < self._read_every:
                return  # it has failed a moment ago
            self._reading = asyncio.create_task(self._read(), name="turn secrets")
            self._asked_at = now
        reading = self._reading
        may_wait = None  # until it ends, which every store's own timeout sees to
        if self._kept is not None and self._age() <= self._oldest:
            may_wait = max(self._asked_at + PATIENCE - now, 0.0)
        # Not awaited itself: whoever waits may be cancelled, and the read is for the others too.
        await asyncio.wait({reading}, timeout=may_wait)
        if reading.done():
            reading.result()

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
