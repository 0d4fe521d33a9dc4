"""Audits one relay: everything that can be tried at one URI."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from turn.audit import behaviour
from turn.audit.model import Audit, Finding, Verdict
from turn.audit.peers import Allocations, PeerProbe
from turn.audit.quota import quota
from turn.audit.samples import samples
from turn.audit.versions import old_versions
from turn.client.client import Client
from turn.client.errors import ErrorResponse, RelayError
from turn.client.links import open_link
from turn.client.messages import Family, Login
from turn.client.names import Resolve, resolve
from turn.client.patience import allocate
from turn.client.uri import RelayUri, Transport, UriError, parse_uri
from turn.peers import Network

SHORT = 1.0
"""Seconds to wait for what should not be answered at all."""


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How to audit."""

    login: Login
    tls: ssl.SSLContext
    timeout: float = 5.0
    """Seconds for each request."""
    allowed: tuple[Network, ...] = ()
    """Peers that are meant to be reachable, beside the relay's own address."""
    quota: int | None = None
    """The most allocations that a user should get; None does not try."""
    expired: Login | None = None
    """A credential that ended, where the secret to make one is at hand."""
    resolve: Resolve = resolve


async def audit(
    text: str, options: AuditOptions, tell: Callable[[str], None] = lambda _: None
) -> Audit:
    """Everything about one relay; never raises for what the relay does."""
    found = Audit(text)
    try:
        uri = _relay(text)
        address = (await options.resolve(uri.host))[0]
        await _Auditor(uri, address, options, found, tell).run()
    except (UriError, RelayError) as error:
        found.failure = str(error)
    return found


def _relay(text: str) -> RelayUri:
    uri = parse_uri(text)
    if not uri.relays or uri.transport is Transport.DTLS:
        raise UriError("give a turn: URI, or a turns: one over TCP")
    return uri


class _Auditor:
    def __init__(
        self,
        uri: RelayUri,
        address: str,
        options: AuditOptions,
        found: Audit,
        tell: Callable[[str], None],
    ) -> None:
        self._uri = uri
        self._where = (address, uri.port)
        self._options = options
        self._found = found
        self._tell = tell
        self._asks = True

    async def run(self) -> None:
        """Raises RelayError where the relay cannot be asked at all."""
        self._tell(f"{self._uri}: strangers")
        async with await self._client(None) as stranger:
            self._add(*await behaviour.strangers(stranger))
            self._asks = stranger.challenged is not None
        self._tell(f"{self._uri}: peers")
        await self._peers()
        self._tell(f"{self._uri}: old and extra protocols")
        await self._protocols()
        if self._options.expired is not None:
            async with await self._client(self._options.expired) as late:
                self._add(await behaviour.expired(late))
        if self._options.quota is not None:
            self._tell(f"{self._uri}: quota")
            connect = lambda: self._client(self._options.login)  # noqa: E731
            self._add(await quota(connect, self._options.quota))

    async def _peers(self) -> None:
        async with AsyncExitStack() as stack:
            ipv4 = await self._allocated(stack, Family.IPV4)
            ipv6 = await self._allocated(stack, Family.IPV6)
            own = [
                ipaddress.ip_network(client.allocation.relayed[0])
                for client in (ipv4, ipv6)
                if client is not None and client.allocation is not None
            ]
            networks = samples((*self._options.allowed, *own))
            self._add(*await PeerProbe(Allocations(ipv4, ipv6)).run(networks))
            for client, network in zip((ipv4, ipv6), own, strict=False):
                if client is not None:
                    self._add(await _own_address(client, str(network[0])))

    async def _allocated(self, stack: AsyncExitStack, family: Family) -> Client | None:
        client = await stack.enter_async_context(await self._client(self._options.login))
        if self._asks:  # else the challenge itself would allocate
            await client.challenge()
        try:
            await allocate(client, family)
        except ErrorResponse as error:
            if family is Family.IPV4:
                raise
            self._add(Finding("IPv6 allocations", Verdict.NOTE, f"not given: {error}"))
            return None
        return client

    async def _protocols(self) -> None:
        """At the same time: most of them wait for an answer that should not come."""
        where, timeout = self._where, self._options.timeout
        short = min(SHORT, timeout / 4)
        waiting: list[Coroutine[Any, Any, Finding | list[Finding]]] = []
        if self._uri.transport is Transport.UDP:
            waiting += [behaviour.old_stun(where, short), behaviour.dtls(where, short)]
        if self._uri.transport is Transport.TLS:
            waiting.append(old_versions(where, self._uri.host, timeout))
        else:
            waiting.append(behaviour.tcp_relaying(where, self._options.login, timeout))
        waiting.append(behaviour.admin_ports(where[0], short))
        for found in await asyncio.gather(*waiting):
            self._add(*(found if isinstance(found, list) else [found]))

    async def _client(self, login: Login | None) -> Client:
        timeout = self._options.timeout
        link = await open_link(self._uri, self._where[0], self._options.tls, timeout)
        return Client(link, timeout, login)

    def _add(self, *findings: Finding) -> None:
        self._found.findings += findings


async def _own_address(client: Client, address: str) -> Finding:
    """What a call in which both sides need the relay asks for."""
    probe = f"the relay's own address {address}"
    try:
        await client.permit(address)
    except ErrorResponse:
        text = "refused: a call in which both sides need the relay will fail"
        return Finding(probe, Verdict.NOTE, text, (f"allowed-peer-ip={address}",))
    except RelayError as error:
        return Finding(probe, Verdict.UNKNOWN, str(error))
    text = "permitted, as relayed calls need: let nothing else listen on that address"
    return Finding(probe, Verdict.NOTE, text)
