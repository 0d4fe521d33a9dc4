"""Whatever strangers send to a running relay: it goes on, answers little, and keeps nothing."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time

import pytest
from aioice.stun import TransactionFailed

from tests.turn.relay.conftest import HERE, StartRelay
from tests.turn.relay.endpoints import WITHIN, peer, through
from tests.turn.relay.test_serve import exchange, until
from turn.relay import edge, stream
from turn.relay.limits import AMPLIFICATION, Limits
from turn.relay.serve import Relay
from turn.relay.udp import udp_socket
from turn.stun.message import build
from turn.stun.names import Attribute, Kind, Method

LENGTHS = [*range(64), *range(64, 1500, 37), *range(1500, 65_508, 4093), 65_506, 65_507]
"""Of datagrams; IPv4 has none that is longer."""
HEADER = build(Method.ALLOCATE, Kind.REQUEST, b"transaction!")[:2]
UNAUTHENTICATED = build(
    Method.ALLOCATE, Kind.REQUEST, b"transaction!", [(Attribute.REQUESTED_TRANSPORT, b"\x11\0\0\0")]
)


async def still_works(relay: Relay) -> None:
    async with through(relay.addresses[0], relay_id="fine") as client, peer() as other:
        await exchange(client, other, 2)


def answers(sock: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(sock.recv(65_536))
        except BlockingIOError:
            return found


@pytest.mark.parametrize(
    "start",
    [b"", b"\0\1", HEADER, b"\x40\0", b"\x40\0\xff\xff", b"\xff", b"\x80\0", UNAUTHENTICATED[:8]],
    ids=["zeros", "binding", "allocate", "channel", "long-channel", "ones", "rtp", "cookie"],
)
async def test_datagrams_of_every_length(start_relay: StartRelay, start: bytes) -> None:
    relay = await start_relay()
    with udp_socket(HERE, 0) as stranger:
        for length in LENGTHS:
            stranger.sendto((start + bytes(65_507))[:length], relay.addresses[0])
            await asyncio.sleep(0)
        await still_works(relay)
        assert relay.allocations == 0
        # One of them can be a whole request, by chance of its length.
        assert len(b"".join(answers(stranger))) <= AMPLIFICATION * len(UNAUTHENTICATED)


async def test_a_stun_header_with_every_length_that_is_right(start_relay: StartRelay) -> None:
    """Attributes that fill the datagram, known and unknown, whole and cut off."""
    relay = await start_relay()
    with udp_socket(HERE, 0) as stranger:
        for length, attribute in itertools.product(range(0, 65_480, 2_000), (0x7F01, 0x0006)):
            pairs = [(attribute, bytes(length))]
            data = build(Method.ALLOCATE, Kind.REQUEST, b"transaction!", pairs)
            stranger.sendto(data, relay.addresses[0])
            stranger.sendto(data[:-4], relay.addresses[0])
            await asyncio.sleep(0)
        await still_works(relay)
        for answer in answers(stranger):
            assert len(answer) < 120, "an answer does not grow with its question"


async def test_over_tcp_rubbish_ends_the_connection_and_no_other(start_relay: StartRelay) -> None:
    relay = await start_relay()
    for rubbish in (b"GET / HTTP/1.1\r\n\r\n\x80\0\0\0", b"\xff" * 100, bytes(3) + b"\1" * 50):
        reader, writer = await asyncio.open_connection(*relay.addresses[0])
        writer.write(rubbish if rubbish[0] != 0x47 else b"\x16\x03\x01" + rubbish)
        try:
            async with asyncio.timeout(WITHIN):
                if rubbish[0] == 0x47:
                    writer.write(bytes(70_000))
                assert await reader.read() == b""
        except ConnectionResetError:
            pass
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await still_works(relay)


async def test_frames_of_every_length_over_tcp(start_relay: StartRelay) -> None:
    """Each is followed by a request, whose answer shows that the frame's end was found."""
    relay = await start_relay(limits=Limits(answers_per_source=1e6, answers_burst=1e6))
    binding = build(Method.BINDING, Kind.REQUEST, b"transaction!")
    async with through(relay.addresses[0], transport="tcp") as client:
        inner = client.transport._TurnTransport__inner_protocol
        answered: asyncio.Queue[bytes] = asyncio.Queue()
        inner.datagram_received = lambda data, addr: answered.put_nowait(data)
        for length in (*range(70), *range(70, 65_536, 1999), 65_534, 65_535):
            channel = b"\x41\0" + length.to_bytes(2, "big") + bytes(length) + bytes(-length % 4)
            stun = b"\0\1" + (length & ~3).to_bytes(2, "big") + bytes(16) + bytes(length & ~3)
            inner.transport.write(channel + stun + binding)
            async with asyncio.timeout(WITHIN):
                assert (await answered.get())[8:20] == b"transaction!"
        del inner.datagram_received
        assert relay._running.traffic.no_channel > 100


async def test_a_stranger_may_begin_no_long_message(start_relay: StartRelay) -> None:
    relay = await start_relay()
    reader, writer = await asyncio.open_connection(*relay.addresses[0])
    writer.write(b"\x40\0\xff\xff" + bytes(stream.LONGEST_OF_A_STRANGER))
    async with asyncio.timeout(WITHIN):
        assert await reader.read() == b""
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await still_works(relay)


async def test_one_address_cannot_take_every_connection(
    start_relay: StartRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "STRANGERS_PER_SOURCE", 3)
    relay = await start_relay()
    async with through(relay.addresses[0], transport="tcp") as client, peer() as other:
        streams = [await asyncio.open_connection(*relay.addresses[0]) for _ in range(4)]
        async with asyncio.timeout(WITHIN):
            assert await streams[3][0].read() == b"", "the client with an allocation is not counted"
        await exchange(client, other, 1)
        for _, writer in streams:
            writer.close()
            await writer.wait_closed()
    await until(lambda: not relay._running._strangers)
    async with through(relay.addresses[0], transport="tcp") as client, peer() as other:
        await exchange(client, other, 1)


async def test_a_connection_without_an_allocation_does_not_stay(
    start_relay: StartRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "IDLE", 0.05)
    relay = await start_relay()
    async with through(relay.addresses[0], transport="tcp") as client, peer() as other:
        reader, writer = await asyncio.open_connection(*relay.addresses[0])
        writer.write(UNAUTHENTICATED[:-1])
        async with asyncio.timeout(WITHIN):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        await exchange(client, other, 1)


async def test_a_client_that_does_not_read_costs_bounded_memory(start_relay: StartRelay) -> None:
    relay = await start_relay(limits=Limits(allocation_bandwidth=None))
    edge = relay._running
    async with peer() as other:
        async with through(relay.addresses[0], transport="tcp") as client:
            await exchange(client, other, 1)
            inner = client.transport._TurnTransport__inner_protocol
            inner.transport.pause_reading()
            for number in range(2000):
                other.transport.sendto(bytes(60_000), client.address)
                if number % 20 == 0:
                    await asyncio.sleep(0)
                if edge.no_tier.unsendable:
                    break
            await until(lambda: edge.no_tier.unsendable)
            (held,) = relay._running._held.values()
            buffered = held.client._transport.get_write_buffer_size()  # type: ignore[attr-defined]
            assert buffered < stream.MOST_WAITING + 2 * 65_536
            inner.transport.resume_reading()
        await still_works(relay)


async def test_forged_and_expired_credentials_get_401(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay()
    with pytest.raises(TransactionFailed, match="401"):
        async with through(relay.addresses[0], secret="guessed"):
            pass
    with pytest.raises(TransactionFailed, match="401"):
        async with through(relay.addresses[0], ttl=10, age=20):
            pass
    assert relay.allocations == 0


async def test_a_flood_of_strangers_does_not_stop_a_call(start_relay: StartRelay) -> None:
    """Answers are few and short, packets of a call pass meanwhile, memory stays."""
    relay = await start_relay()
    counts = relay._running.core.counts
    async with through(relay.addresses[0]) as client, peer() as other:
        with udp_socket(HERE, 0) as stranger:
            sent = 0
            began = time.monotonic()
            while sent < 10_000:
                for _ in range(100):
                    stranger.sendto(UNAUTHENTICATED, relay.addresses[0])
                sent += 100
                await exchange(client, other, 1)
                await asyncio.sleep(0)
            passed = time.monotonic() - began
            await until(lambda: counts.dropped["rate limit"] + counts.refused[401] > 9_000)
            got = answers(stranger)
        limits = Limits()
        assert len(got) <= limits.answers_burst + limits.answers_per_source * (passed + 1)
        assert all(len(answer) <= AMPLIFICATION * len(UNAUTHENTICATED) for answer in got)
        assert len(relay._running.core._sources) == 1


async def test_answers_to_very_many_addresses_keep_bounded_memory(start_relay: StartRelay) -> None:
    relay = await start_relay(listen=((HERE, 0),), listen_tls=())
    sources = relay._running.core._sources
    sources._most = 16
    for number in range(1, 40):
        with udp_socket(f"127.0.0.{number}", 0) as stranger:
            stranger.sendto(UNAUTHENTICATED, relay.addresses[0])
            await asyncio.sleep(0)
    await still_works(relay)
    assert len(sources) <= 16
