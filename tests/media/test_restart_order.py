"""Who checks first after an ICE restart, with a bare aioice Connection on the other side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aioice import Connection
from aioice.ice import StunProtocol
from aioice.stun import Message

from voip.media import path as path_module
from voip.media.path import Path


class Peer(Connection):
    """The other side, which counts the checks that arrive."""

    def __init__(self) -> None:
        super().__init__(ice_controlling=True)
        self.checked = asyncio.Event()

    def request_received(
        self, message: Message, addr: tuple[str, int], protocol: StunProtocol
    ) -> None:
        self.checked.set()
        super().request_received(message, addr, protocol)


async def introduce(to: Connection, other: Connection) -> None:
    """What a description says."""
    to.remote_username, to.remote_password = other.local_username, other.local_password
    for candidate in other.local_candidates:
        await to.add_remote_candidate(candidate)
    await to.add_remote_candidate(None)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Path, Connection]]:
    """A path that was found, and the other end of it."""
    ours, peer = Connection(ice_controlling=False), Peer()
    await asyncio.gather(ours.gather_candidates(), peer.gather_candidates())
    await asyncio.gather(introduce(ours, peer), introduce(peer, ours))
    path = Path(ours, gather=ours.gather_candidates, restart_timeout=20.0, refused=lambda: None)
    try:
        await asyncio.gather(path.connect(), peer.connect())
        yield path, peer
    finally:
        await asyncio.gather(path.close(), peer.close())


@asynccontextmanager
async def restarted(path: Path) -> AsyncIterator[tuple[Connection, Peer]]:
    """The other side has offered a restart, and does not know the answer yet."""
    ours, peer = Connection(ice_controlling=False), Peer()
    await asyncio.gather(ours.gather_candidates(), peer.gather_candidates())
    await introduce(ours, peer)
    path.adopt(ours)
    path.restart(ours, peer_first=True)
    try:
        yield ours, peer
    finally:
        await peer.close()


async def test_who_answers_a_restart_lets_the_other_side_check_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(path_module, "PEER_FIRST", 20.0)
    async with connected() as (path, _), restarted(path) as (ours, peer):
        with pytest.raises(TimeoutError):  # a check would take 20 ms
            await asyncio.wait_for(peer.checked.wait(), 0.2)
        await introduce(peer, ours)
        await peer.connect()
        async with asyncio.timeout(5):
            while path.connections != {ours}:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
            await path.send(b"over the new path")
            assert await peer.recv() == b"over the new path"


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_module, "PEER_FIRST", 0.05)
    async with connected() as (path, _), restarted(path) as (_, peer):
        await asyncio.wait_for(peer.checked.wait(), 5)
