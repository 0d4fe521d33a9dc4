"""The relay as other code starts it: ``async with Relay(options, secrets) as relay``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import resource
import ssl
import time
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from prometheus_client import CollectorRegistry

from turn.relay.core import Core
from turn.relay.edge import Edge
from turn.relay.metrics import RelayMetrics
from turn.relay.model import Transport
from turn.relay.options import RelayOptions
from turn.relay.rules import Rules
from turn.relay.sockets import CAN_SET_DF, RelaySockets
from turn.relay.stream import protocol
from turn.relay.udp import UdpListener, udp_socket
from turn.secrets.model import SecretSource, SecretsUnavailable
from turn.stun.values import Address

SECRETS_EVERY: Final = 2.0
"""Seconds between two looks at the secrets: a rotation counts this soon."""
REVOKED_FOR: Final = 86_400.0
"""Seconds that a name is refused, if not told: longer than credentials are given out for."""
FREE_TRIES: Final = 8
SPARE_DESCRIPTORS: Final = 256
_log = logging.getLogger(__name__)


class Relay:
    """A TURN relay on the running loop, from `__aenter__` to `__aexit__`.

    :param source: where the shared secrets come from, asked again all the time.
    :param registry: gets the relay's metrics.
    """

    def __init__(
        self,
        options: RelayOptions,
        source: SecretSource,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self.options = options
        self._secrets = source
        self._registry = registry
        self._stack = AsyncExitStack()
        self._signing = ""
        self._edge: Edge | None = None
        self._closed: set[int] = set()
        self._plain: list[Address] = []
        self._tls: list[Address] = []

    async def __aenter__(self) -> Self:
        """Raises OSError: an address cannot be bound. Raises SecretsUnavailable."""
        now = await self._secrets.secrets()
        self._signing = now.signing
        raise_descriptors(self.options.limits.total)
        async with self._stack:
            edge = self._edge = self._make(now.accepted)
            self._stack.callback(edge.close)
            for address in self.options.listen:
                self._plain.append(await self._listen_free(edge, address))
            for address in self.options.listen_tls:
                self._tls.append(await self._listen_stream(edge, address, self.options.tls))
            watch = asyncio.create_task(self._watch_secrets(edge.core), name="relay secrets")
            self._stack.push_async_callback(_cancel, watch)
            if self._registry is not None:
                self._stack.callback(RelayMetrics(edge, self._registry).unregister)
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where UDP and TCP clients are heard."""
        return tuple(self._plain)

    @property
    def tls_addresses(self) -> tuple[Address, ...]:
        return tuple(self._tls)

    @property
    def port(self) -> int:
        """Of the first listening address."""
        return (self._plain or self._tls)[0][1]

    @property
    def uris(self) -> tuple[str, ...]:
        """As clients are given them (RFC 7065)."""
        plain = [f"turn:{_host(ip)}:{port}" for ip, port in self._plain]
        secure = [f"turns:{_host(ip)}:{port}?transport=tcp" for ip, port in self._tls]
        return (
            *(f"{each}?transport={kind}" for each in plain for kind in ("udp", "tcp")),
            *secure,
        )

    @property
    def secret(self) -> str:
        """What signed when it started: for whoever issues credentials for it."""
        return self._signing

    @property
    def allocations(self) -> int:
        """How many live."""
        return len(self._running.core)

    def revoke(self, name: str, seconds: float = REVOKED_FOR) -> int:
        """End every allocation of an id, or of a whole username, at once, and refuse its requests
        for so long. Gives how many allocations that ended."""
        return self._running.revoke(name, time.time() + seconds)

    def restore(self, name: str) -> None:
        """Take back a `revoke`; new allocations are possible again."""
        self._running.core.restore(name)

    @property
    def _running(self) -> Edge:
        if self._edge is None:
            raise RuntimeError("the relay runs inside `async with` alone")
        return self._edge

    def _make(self, accepted: tuple[str, ...]) -> Edge:
        loop, options = asyncio.get_running_loop(), self.options
        told, limits = options.told(), options.limits
        core = Core(
            realm=options.realm,
            accepted=accepted,
            nonce_key=os.urandom(32),
            random=os.urandom,
            limits=limits,
            rules=Rules(frozenset(told.values()), options.ports, options.allowed, self._closed),
            families=frozenset(told),
            dont_fragment=CAN_SET_DF,
        )
        addresses = {
            family: RelaySockets(loop, ip, told[family], options.ports)
            for family, ip in options.relays().items()
        }
        # Transaction ids of Data indications: nobody answers them, so nobody can gain by a guess.
        chance = random.Random(os.urandom(16))  # noqa: S311
        return Edge(
            loop,
            core,
            addresses,
            wall=time.time,
            random=chance.randbytes,
            total_bandwidth=limits.total_bandwidth,
            most_connections=2 * limits.total + SPARE_DESCRIPTORS,
        )

    async def _listen_free(self, edge: Edge, address: Address) -> Address:
        """As `_listen`; for port 0, a port that is free for both. Raises OSError."""
        for _ in range(FREE_TRIES if address[1] == 0 else 0):
            with contextlib.suppress(OSError):
                return await self._listen(edge, address)
        return await self._listen(edge, address)

    async def _listen(self, edge: Edge, address: Address) -> Address:
        """UDP and TCP at the same port. Raises OSError."""
        loop, (ip, port) = asyncio.get_running_loop(), address
        sock = udp_socket(ip, port)
        try:
            bound: Address = sock.getsockname()[:2]
            listener = UdpListener(loop, sock, edge.control, edge.no_tier)
            self._stack.callback(listener.close)
        except BaseException:
            sock.close()
            raise
        return await self._listen_stream(edge, bound, None)

    async def _listen_stream(
        self, edge: Edge, address: Address, tls: ssl.SSLContext | None
    ) -> Address:
        loop = asyncio.get_running_loop()
        kind = Transport.TCP if tls is None else Transport.TLS
        ip, port = address
        streams = await loop.create_server(protocol(edge, kind, loop), ip, port, ssl=tls)
        self._stack.push_async_callback(streams.wait_closed)
        self._stack.callback(edge.close)  # wait_closed waits for connections too
        self._stack.callback(streams.close)
        bound: Address = streams.sockets[0].getsockname()[:2]
        self._closed.add(bound[1])
        return bound

    async def _watch_secrets(self, core: Core) -> None:
        """Rotation takes effect while the relay runs."""
        told = False
        while True:
            await asyncio.sleep(SECRETS_EVERY)
            try:
                core.accept((await self._secrets.secrets()).accepted)
                told = False
            except SecretsUnavailable as error:
                if not told:  # once, not every two seconds
                    _log.warning("the relay keeps the secrets it has: %s", error)
                told = True


def raise_descriptors(allocations: int) -> None:
    """An allocation takes a descriptor, or two with both families or over TCP."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * allocations + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        if wanted > hard:
            _log.warning(
                "%d allocations need %d descriptors, and the system gives %d: raise the limit"
                " (LimitNOFILE in a systemd unit), or allow fewer allocations",
                allocations,
                wanted,
                hard,
            )
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _host(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip
