"""The demo's relays, coturn and our own: they take our credentials, refuse others, and reach only
whom they may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aioice.stun
import aioice.turn
import pytest

from turn.credentials import Credentials, mint
from voip.service.demo.coturn import Relay, RelayOptions, RelayProcess, installed
from voip.service.demo.errors import MissingProgramError
from voip.service.demo.own_relay import OwnRelayProcess


@pytest.fixture(scope="module", params=[RelayProcess, OwnRelayProcess])
def kind(request: pytest.FixtureRequest) -> type[RelayProcess]:
    kind: type[RelayProcess] = request.param
    if kind is RelayProcess and not installed():
        pytest.skip("the command turnserver is missing: on Debian, apt-get install coturn")
    return kind


@pytest.fixture(scope="module")
def relay(
    kind: type[RelayProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RelayProcess]:
    process = kind(RelayOptions.fresh(tmp_path_factory.mktemp("relay")))
    process.start()
    try:
        yield process
    finally:
        process.stop()


class Inbox(asyncio.DatagramProtocol):
    """Keeps what arrives, and why what was sent did not."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.errors: asyncio.Queue[Exception] = asyncio.Queue()
        self.lost = asyncio.Event()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.errors.put_nowait(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


@asynccontextmanager
async def allocation(
    relay: RelayProcess, credentials: Credentials
) -> AsyncIterator[tuple[aioice.turn.TurnTransport, Inbox]]:
    transport, inbox = await aioice.turn.create_turn_endpoint(
        Inbox,
        server_addr=(relay.options.address, relay.options.port),
        username=credentials.username,
        password=credentials.password,
    )
    try:
        yield transport, inbox
    finally:
        transport.close()
        await asyncio.wait_for(inbox.lost.wait(), 5)


async def test_bytes_come_through_the_relay(relay: RelayProcess) -> None:
    loop = asyncio.get_running_loop()
    listener, peer = await loop.create_datagram_endpoint(
        Inbox, local_addr=(relay.options.address, 0)
    )
    good = mint(relay.secret, "caller", 60, time.time())
    async with allocation(relay, good) as (transport, _):
        transport.sendto(b"hello", listener.get_extra_info("sockname"))
        assert await asyncio.wait_for(peer.received.get(), 5) == b"hello"
    listener.close()
    await asyncio.wait_for(peer.lost.wait(), 5)


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.1", "192.0.2.250"])
async def test_nobody_else_is_in_reach(relay: RelayProcess, peer: str) -> None:
    good = mint(relay.secret, "caller", 60, time.time())
    async with allocation(relay, good) as (transport, inbox):
        transport.sendto(b"hello", (peer, 9))
        error = await asyncio.wait_for(inbox.errors.get(), 5)
        assert isinstance(error, aioice.stun.TransactionFailed)
        assert "403" in str(error)


@pytest.mark.parametrize(("secret", "ttl"), [("another secret", 60), (None, -60)])
async def test_a_wrong_or_expired_password_is_refused(
    relay: RelayProcess, secret: str | None, ttl: int
) -> None:
    now = time.time() + min(ttl, 0)
    credentials = mint(secret or relay.secret, "caller", max(ttl, 1), now)
    with pytest.raises(aioice.stun.TransactionFailed, match="401"):
        async with allocation(relay, credentials):
            pass


async def test_the_asynchronous_face_stops_it(kind: type[RelayProcess], tmp_path: Path) -> None:
    async with Relay(kind(RelayOptions.fresh(tmp_path))) as relay:
        assert relay.process.running
        assert relay.uris[0].startswith(f"turn:{relay.options.address}:")
    assert not relay.process.running


async def test_without_the_command_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match=r"turnserver is missing.*apt-get install coturn"):
        RelayProcess(RelayOptions.fresh(tmp_path)).start()
