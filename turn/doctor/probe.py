"""Does a relay give allocations? For what asks every few seconds: three round trips, no echo."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass

from turn.client.client import Client
from turn.client.errors import RelayError
from turn.client.links import Link, open_tcp, open_udp, start_tls
from turn.client.messages import Login
from turn.client.names import Resolve, resolve
from turn.client.tls import client_context
from turn.client.uri import RelayUri, Transport, UriError, parse_uri
from turn.credentials import Credentials
from turn.doctor.model import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether it does; true in a condition where it does."""

    uri: str
    seconds: float
    """How long the probe took."""
    failed: Step | None = None
    """The step that failed."""
    reason: str = ""
    """What was said there; no secret in it, but for operators rather than for everybody."""

    @property
    def ok(self) -> bool:
        return self.failed is None

    def __bool__(self) -> bool:
        return self.ok


async def probe(
    uri: str,
    credentials: Login | Credentials,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = 5.0,
    resolve: Resolve = resolve,
) -> Outcome:
    """Allocate on the relay and give it back, within ``timeout`` seconds in all. Never raises.

    :param tls: for `turns:` URIs; see :func:`turn.client.tls.client_context`. Make it once.
    """
    started = time.perf_counter()
    login = Login(credentials.username, credentials.password)
    attempt = _Attempt(login, tls, timeout, resolve)
    try:
        async with asyncio.timeout(timeout):
            await attempt.run(uri)
    except TimeoutError:
        reason = f"no answer within {timeout:g} s"
        return Outcome(uri, time.perf_counter() - started, attempt.step, reason)
    except (UriError, RelayError) as error:
        return Outcome(uri, time.perf_counter() - started, attempt.step, str(error))
    return Outcome(uri, time.perf_counter() - started)


@dataclass(slots=True)
class _Attempt:
    login: Login
    tls: ssl.SSLContext | None
    timeout: float
    resolve: Resolve
    step: Step = Step.URI
    """How far it came."""

    async def run(self, text: str) -> None:
        """Raises UriError or RelayError."""
        uri = parse_uri(text)
        if uri.transport is Transport.DTLS or not uri.relays:
            raise UriError("only turn: over UDP or TCP and turns: over TCP can be probed")
        self.step = Step.DNS
        address = (await self.resolve(uri.host))[0]
        self.step = Step.CONNECT
        link = await self._open(uri, address)
        async with Client(link, self.timeout, self.login) as client:
            self.step = Step.CHALLENGE
            await client.challenge()
            self.step = Step.ALLOCATE
            await client.allocate()

    async def _open(self, uri: RelayUri, address: str) -> Link:
        if uri.transport is Transport.UDP:
            return await open_udp((address, uri.port))
        link = await open_tcp((address, uri.port), self.timeout)
        if uri.transport is Transport.TLS:
            self.step = Step.TLS
            if self.tls is None:
                self.tls = await asyncio.to_thread(client_context)
            await start_tls(link, self.tls, uri.host, self.timeout)
        return link
