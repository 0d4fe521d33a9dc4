"""A small internet on loopback: a DNS, an authority, servers, and somebody who asks them.

127.0.0.1 plays the public internet. Everything else on loopback is as private as ever.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any

from aiohttp import web
from aiohttp.abc import ResolveResult

from tests.turn.askers.authority import Authority
from tests.turn.askers.dns_server import DnsServer, serving
from turn.askers.addresses import Address, is_public
from turn.askers.askers import MatrixAskers
from turn.askers.network import Network
from turn.askers.settings import AskerSettings

PUBLIC = "127.0.0.1"
PRIVATE = "127.0.0.2"
USERINFO = "/_matrix/federation/v1/openid/userinfo"
WELL_KNOWN = "/.well-known/matrix/server"
TOKEN = "a-token-that-nobody-may-see"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def plays_public(address: Address) -> bool:
    return address == IPv4Address(PUBLIC) or is_public(address)


class LoopbackNetwork(Network):
    """As the real one, but ports that need privileges, or are taken, are elsewhere."""

    def __init__(self, world: World) -> None:
        super().__init__(
            [PUBLIC],
            dns_port=world.dns.port,
            permitted=plays_public,
            tls=world.authority.trust(),
        )
        self._ports = world.ports

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        moved = self._ports.get((host, port), port)
        return await super().resolve(host, moved, family)


class World:
    def __init__(self, authority: Authority, dns: DnsServer, stack: AsyncExitStack) -> None:
        self.authority = authority
        self.dns = dns
        self.ports: dict[tuple[str, int], int] = {}
        """Where a port of a host really is."""
        self.now = 1000.0
        self._stack = stack

    async def serve(
        self,
        routes: dict[str, Handler],
        names: Sequence[str] | None,
        *,
        at: str = PUBLIC,
        late: timedelta = timedelta(),
    ) -> int:
        """Start a server; its port.

        :param names: of its certificate; None: no TLS.
        """
        app = web.Application()
        for path, handler in routes.items():
            app.router.add_get(path, handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        context = None if names is None else self.authority.server_context(names, late=late)
        site = web.TCPSite(runner, at, 0, ssl_context=context)
        await site.start()
        return int(runner.addresses[0][1])

    async def well_known(self, host: str, handler: Handler | str) -> None:
        """Let a host have a well-known file: what a handler answers, or a delegation."""
        chosen = says({"m.server": handler}) if isinstance(handler, str) else handler
        self.ports[host, 443] = await self.serve({WELL_KNOWN: chosen}, [host])
        self.dns.add(host, "A", PUBLIC)

    async def askers(self, **settings: Any) -> MatrixAskers:
        values: dict[str, Any] = {"allowed_servers": ("*",), "within": 5.0} | settings
        made = MatrixAskers(AskerSettings(**values), LoopbackNetwork(self), lambda: self.now)
        return await self._stack.enter_async_context(made)


@asynccontextmanager
async def small_internet(authority: Authority) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        dns = await stack.enter_async_context(serving())
        yield World(authority, dns, stack)


def says(content: object, status: int = 200, **headers: str) -> Handler:
    """A handler that always answers the same JSON."""

    async def handler(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(content, status=status, headers=named)

    return handler


def redirects(to: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": to})

    return handler


class Vouching:
    """A homeserver's OpenID endpoint that vouches for one user, and remembers who asked how."""

    def __init__(self, user_id: str, token: str = TOKEN) -> None:
        self._user_id = user_id
        self._token = token
        self.hosts: list[str] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.hosts.append(request.host)
        if request.query.get("access_token") != self._token:
            return web.json_response({"errcode": "M_UNKNOWN_TOKEN"}, status=401)
        return web.json_response({"sub": self._user_id, "surprise": [1]})
