"""The doctor's probe with credentials of our own: for the health of the relays that are told."""

from __future__ import annotations

import asyncio
import secrets as dice
import ssl
import time
from collections.abc import Callable, Sequence

from turn.client.messages import Login
from turn.client.tls import client_context
from turn.credentials import mint
from turn.doctor.probe import Outcome, probe
from turn.secrets.model import SecretSource

VALID_FOR = 60
"""Seconds; a probe is over in five."""
ID = "probe-"
"""How the ids of probes begin; each has its own, so that no quota of a user's is touched."""


class Prober:
    """Allocates on a relay and gives it back, signed with the newest secret."""

    def __init__(
        self,
        secrets: SecretSource,
        clock: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`clock` gives Unix time; `tls` is for `turns:`, the system's authorities where None."""
        self._secrets = secrets
        self._clock = clock
        self._tls = tls

    async def __call__(self, uri: str) -> bool:
        """Whether the relay at this URI works. Raises SecretsUnavailable."""
        return (await self.outcome(uri)).ok

    async def outcomes(self, uris: Sequence[str]) -> list[Outcome]:
        """All of them at once, in their order. Raises SecretsUnavailable."""
        return list(await asyncio.gather(*map(self.outcome, uris)))

    async def outcome(self, uri: str) -> Outcome:
        """The same with the step that failed. Raises SecretsUnavailable."""
        signing = (await self._secrets.secrets()).signing
        made = mint(signing, ID + dice.token_urlsafe(6), VALID_FOR, self._clock())
        if self._tls is None and uri.startswith("turns:"):
            self._tls = await asyncio.to_thread(client_context)
        return await probe(uri, Login(made.username, made.password), tls=self._tls)
