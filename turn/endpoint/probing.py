"""The relays probed with credentials of our own, as a client of ours would use them."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence

from turn.client.tls import client_context
from turn.credentials import Credentials, mint
from turn.doctor.probe import Outcome, probe
from turn.secrets.model import SecretSource

RELAY_ID = "probe"
"""Relays see it in their logs, and count it apart from everybody's quota."""
LIVES = 120
"""Seconds: long enough for a relay whose clock is a minute off."""


class Prober:
    """Allocates and gives back, for `relay_health.watch` and for `/health/turn`."""

    def __init__(self, secrets: SecretSource, clock: Callable[[], float] = time.time) -> None:
        self._secrets = secrets
        self._clock = clock
        self._tls: ssl.SSLContext | None = None

    async def works(self, uri: str) -> bool:
        """Whether the relay at this URI gives allocations. Raises SecretsUnavailable."""
        return (await self._outcome(uri, await self._credentials())).ok

    def all_of(self, uris: Sequence[str]) -> Callable[[], Awaitable[list[Outcome]]]:
        """A question about all of these at once."""

        async def ask() -> list[Outcome]:
            credentials = await self._credentials()
            return await asyncio.gather(*(self._outcome(uri, credentials) for uri in uris))

        return ask

    async def _credentials(self) -> Credentials:
        signing = (await self._secrets.secrets()).signing
        return mint(signing, RELAY_ID, LIVES, self._clock())

    async def _outcome(self, uri: str, credentials: Credentials) -> Outcome:
        if self._tls is None:  # reads the system's certificates
            self._tls = await asyncio.to_thread(client_context)
        return await probe(uri, credentials, tls=self._tls)
