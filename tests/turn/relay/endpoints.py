"""The ends of what a relay carries: aioice's TURN client, whose codec is not ours, and a peer."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioice.turn import TurnTransport, create_turn_endpoint

from tests.turn.relay.clients import SECRET
from turn.credentials import mint
from turn.stun.values import Address

WITHIN = 5.0


class End(asyncio.DatagramProtocol):
    """Keeps what it receives, and with whom it came."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        self.lost = asyncio.Event()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.put_nowait((data, tuple(addr[:2])))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    async def next(self) -> tuple[bytes, Address]:
        async with asyncio.timeout(WITHIN):
            return await self.received.get()

    @property
    def address(self) -> Address:
        name: tuple[Any, ...] = self.transport.get_extra_info("sockname")
        return name[0], name[1]


@asynccontextmanager
async def peer(ip: str = "127.0.0.1") -> AsyncIterator[End]:
    """Somebody whom clients reach through the relay."""
    loop = asyncio.get_running_loop()
    transport, end = await loop.create_datagram_endpoint(End, local_addr=(ip, 0))
    try:
        yield end
    finally:
        transport.close()


@asynccontextmanager
async def through(
    server: Address,
    *,
    transport: str = "udp",
    relay_id: str = "caller",
    secret: str = SECRET,
    ttl: int = 3600,
    age: int = 0,
) -> AsyncIterator[End]:
    """A client with an allocation, which it gives back."""
    minted = mint(secret, relay_id, ttl, time.time() - age)
    async with allocated(server, minted.username, minted.password, transport=transport) as end:
        yield end


@asynccontextmanager
async def allocated(
    server: Address, username: str, password: str, *, transport: str = "udp"
) -> AsyncIterator[End]:
    """As `through`, with credentials that somebody gave."""
    turn: TurnTransport
    turn, end = await create_turn_endpoint(
        End,
        server,
        username=username,
        password=password,
        ssl=trusting() if transport == "tls" else None,
        transport="udp" if transport == "udp" else "tcp",
    )
    try:
        yield end
    finally:
        turn.close()
        async with asyncio.timeout(WITHIN):
            await end.lost.wait()


def trusting() -> ssl.SSLContext:
    """The test's certificate is nobody's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
