"""A network that loses datagrams, between an engine and whoever calls it."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tests.media.calls import own_address

Address = tuple[str, int]
_HOST = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d[\d.]*) (\d+) typ host", re.IGNORECASE)


class _End(asyncio.DatagramProtocol):
    """One socket of the two, which its side takes for the other side."""

    def __init__(self, dice: random.Random, loss: float) -> None:
        self._dice, self._loss = dice, loss
        self._transport: asyncio.DatagramTransport | None = None
        self.far: _End | None = None
        self.near: Address | None = None
        """Where this side was last heard from."""
        self.passed = self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.near = addr
        if self._dice.random() < self._loss:
            self.lost += 1
        elif self.far is not None:
            self.passed += 1
            self.far.send(data)

    def send(self, data: bytes) -> None:
        if self._transport is not None and self.near is not None:
            self._transport.sendto(data, self.near)


class LossyPath:
    """Each side gets the other's description with the path's address as the only candidate."""

    def __init__(self, caller: _End, engine: _End, address: str, ports: tuple[int, int]) -> None:
        self._caller, self._engine = caller, engine
        self._address, self._ports = address, ports

    def offer(self, text: str) -> str:
        """What the engine is to get in place of the caller's offer."""
        return self._through(text, self._ports[1], self._caller)

    def answer(self, text: str) -> str:
        """What the caller is to get in place of the engine's answer."""
        return self._through(text, self._ports[0], self._engine)

    @property
    def counted(self) -> tuple[int, int]:
        """Datagrams of the caller that were passed on, and lost."""
        return self._caller.passed, self._caller.lost

    def _through(self, text: str, port: int, behind: _End) -> str:
        found = re.findall(
            r"a=candidate:\S+ 1 udp \d+ (\d[\d.]*) (\d+) typ host", text, re.IGNORECASE
        )
        address, behind_port = next(one for one in found if one[0] == self._address)
        behind.near = address, int(behind_port)
        line = f"a=candidate:1 1 udp 2130706431 {self._address} {port} typ host"
        lines = text.split("\r\n")
        # Any other would be a way around.
        kept = [one for one in lines if not one.startswith(("a=candidate", "a=end-of-"))]
        at = next(n for n, one in enumerate(kept) if one.startswith("a=ice-ufrag"))
        return "\r\n".join([*kept[:at], line, *kept[at:]])


@asynccontextmanager
async def lossy_path(loss: float, seed: int = 7) -> AsyncIterator[LossyPath]:
    """`loss`: the part of the datagrams that is lost, each way, of whatever kind."""
    loop = asyncio.get_running_loop()
    address, dice = own_address(), random.Random(seed)  # noqa: S311 - reproducible, not secret
    transports, ends = [], []
    try:
        for _ in range(2):
            transport, end = await loop.create_datagram_endpoint(
                lambda: _End(dice, loss), local_addr=(address, 0)
            )
            transports.append(transport)
            ends.append(end)
        caller, engine = ends
        caller.far, engine.far = engine, caller
        ports = tuple(one.get_extra_info("sockname")[1] for one in transports)
        yield LossyPath(caller, engine, address, (ports[0], ports[1]))
    finally:
        for transport in transports:
            transport.close()
