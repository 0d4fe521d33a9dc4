"""The relay as it runs: aioice's client on one side, a peer's socket on the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from aioice.stun import TransactionFailed
from prometheus_client import CollectorRegistry

from tests.turn.relay.clients import SECRET
from tests.turn.relay.conftest import HERE, HERE6, StartRelay
from tests.turn.relay.endpoints import End, peer, through
from turn.relay import serve
from turn.relay.limits import Limits
from turn.relay.serve import Relay
from turn.relay.udp import udp_socket
from turn.secrets.model import FixedSecrets, Secrets, SecretsUnavailable
from turn.stun.values import Address


def server(relay: Relay, transport: str) -> Address:
    return relay.tls_addresses[0] if transport == "tls" else relay.addresses[0]


async def exchange(client: End, other: End, count: int = 20) -> None:
    """Packets of every length modulo four, there and back."""
    for number in range(count):
        data = bytes([number]) * (number * 7 + 1)
        client.transport.sendto(data, other.address)
        arrived, source = await other.next()
        assert arrived == data
        assert source == client.address, "packets come from the relayed address"
        other.transport.sendto(data + b"back", source)
        assert await client.next() == (data + b"back", other.address)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_packets_pass_both_ways(start_relay: StartRelay, transport: str) -> None:
    relay = await start_relay()
    async with through(server(relay, transport), transport=transport) as client, peer() as other:
        await exchange(client, other)
        assert relay.allocations == 1
    await until(lambda: relay.allocations == 0)


async def test_clients_and_peers_over_ipv6(start_relay: StartRelay) -> None:
    relay = await start_relay(relay_addresses=(HERE,))
    async with through(relay.addresses[1]) as client, peer() as other:
        await exchange(client, other)


@pytest.mark.parametrize("transports", [("udp", "udp"), ("udp", "tcp"), ("tls", "tls")])
async def test_two_clients_of_the_relay_reach_each_other(
    start_relay: StartRelay, transports: tuple[str, str]
) -> None:
    """Nothing but the relay's own address is allowed here, as in earnest."""
    relay = await start_relay(allowed=())
    first, second = transports
    async with (
        through(server(relay, first), transport=first) as one,
        through(server(relay, second), transport=second) as two,
    ):
        # Each has to permit the other: whatever is sent first is not let in yet.
        two.transport.sendto(b"permit", one.address)
        await until(lambda: one.received.qsize() or relay._running.traffic.no_permission)
        await exchange(one, two)


async def test_behind_a_nat_two_clients_reach_each_other_by_the_outside_address(
    start_relay: StartRelay,
) -> None:
    """Nothing answers at that address here, as behind a NAT that does not turn packets round."""
    relay = await start_relay(external=("198.51.100.7",), allowed=())
    async with through(relay.addresses[0]) as one, through(relay.addresses[0]) as two:
        assert one.address[0] == two.address[0] == "198.51.100.7"
        two.transport.sendto(b"permit", one.address)
        await until(lambda: one.received.qsize() or relay._running.traffic.no_permission)
        await exchange(one, two)


async def test_a_datagram_as_long_as_they_get(start_relay: StartRelay) -> None:
    relay = await start_relay()
    async with through(relay.addresses[0]) as client, peer() as other:
        for size in (1, 1500, 9000, 65_000):
            client.transport.sendto(bytes(size), other.address)
            assert (await other.next())[0] == bytes(size)
            other.transport.sendto(bytes(size), client.address)
            assert (await client.next())[0] == bytes(size)


async def test_forbidden_peers_are_refused(start_relay: StartRelay) -> None:
    relay = await start_relay(allowed=(), ports=free_range(2))
    refused = relay._running.core.counts.refused
    async with through(relay.addresses[0]) as client, peer() as other:
        # Loopback is the relay's own address here: its ports that are not relayed are closed.
        client.transport.sendto(b"x", other.address)
        client.transport.sendto(b"x", ("10.0.0.1", 80))
        await until(lambda: refused[403] == 2)
        assert other.received.empty()


@pytest.mark.parametrize("by", ["id", "username"])
async def test_revoking_ends_a_live_allocation_at_once(start_relay: StartRelay, by: str) -> None:
    relay = await start_relay()
    async with peer() as other:
        async with through(relay.addresses[0]) as client:
            await exchange(client, other, 1)
            username = next(iter(relay._running.core._state.table)).username
            assert relay.revoke("nobody") == 0
            assert relay.revoke("caller" if by == "id" else username) == 1
            assert relay.allocations == 0
            client.transport.sendto(b"late", other.address)
            other.transport.sendto(b"late", client.address)
            await until(lambda: relay._running.traffic.no_channel == 1)
            assert other.received.empty()
            assert client.received.empty()
        if by == "id":
            with pytest.raises(TransactionFailed, match="401"):
                async with through(relay.addresses[0]):
                    pass
            relay.restore("caller")
        async with through(relay.addresses[0], ttl=9999) as client:
            await exchange(client, other, 1)


class Changing:
    """Secrets that are replaced, or cannot be had for a while."""

    def __init__(self, now: Secrets | None) -> None:
        self.now = now

    async def secrets(self) -> Secrets:
        if self.now is None:
            raise SecretsUnavailable("the place is away")
        return self.now


async def test_a_rotation_takes_effect_while_it_runs(
    start_relay: StartRelay, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serve, "SECRETS_EVERY", 0.02)
    source = Changing(Secrets("old", ("old",)))
    relay = await start_relay(source)
    async with through(relay.addresses[0], secret="old") as client, peer() as other:
        with pytest.raises(TransactionFailed, match="401"):
            async with through(relay.addresses[0], secret="new"):
                pass
        source.now = Secrets("old", ("old", "new"))
        await until(lambda: "new" in relay._running.core._authenticator.accepted)
        async with through(relay.addresses[0], secret="new") as second:
            await exchange(second, other, 1)
        with caplog.at_level(logging.WARNING):
            source.now = None
            await until(lambda: "the place is away" in caplog.text)
        await exchange(client, other, 1)
        source.now = Secrets("new", ("new",))
        await until(lambda: relay._running.core._authenticator.accepted == ("new",))
        with pytest.raises(TransactionFailed, match="401"):
            async with through(relay.addresses[0], secret="old"):
                pass
        # Its own goodbye is refused too: the allocation ends with the relay.
    assert "SECRET" not in caplog.text


async def test_a_full_port_range_is_508(start_relay: StartRelay) -> None:
    free = free_range(2)
    relay = await start_relay(ports=free, listen=((HERE, 0),))
    async with through(relay.addresses[0]) as first, through(relay.addresses[0]) as second:
        assert {first.address[1], second.address[1]} == set(free)
        with pytest.raises(TransactionFailed, match="508"):
            async with through(relay.addresses[0]):
                pass
    await until(lambda: relay.allocations == 0)
    async with through(relay.addresses[0]) as again, peer() as other:
        await exchange(again, other, 1)


async def test_a_port_that_another_process_has_is_passed_over(start_relay: StartRelay) -> None:
    free = free_range(2)
    loop = asyncio.get_running_loop()
    taken, _ = await loop.create_datagram_endpoint(End, local_addr=(HERE, free[0]))
    relay = await start_relay(ports=free, listen=((HERE, 0),))
    async with through(relay.addresses[0]) as client:
        assert client.address[1] == free[1]
    taken.close()


async def test_quota_of_an_id_is_486(start_relay: StartRelay) -> None:
    relay = await start_relay(limits=Limits(per_id=1))
    async with through(relay.addresses[0]):
        with pytest.raises(TransactionFailed, match="486"):
            async with through(relay.addresses[0]):
                pass
        async with through(relay.addresses[0], relay_id="other"):
            assert relay.allocations == 2


@pytest.mark.parametrize("limit", ["allocation_bandwidth", "total_bandwidth"])
async def test_what_is_above_the_bandwidth_is_dropped(start_relay: StartRelay, limit: str) -> None:
    limits = {"allocation_bandwidth": None, limit: 100_000.0}
    relay = await start_relay(limits=Limits(**limits))  # type: ignore[arg-type]
    edge = relay._running
    async with through(relay.addresses[0]) as client, peer() as other:
        await exchange(client, other, 1)
        for _ in range(300):
            client.transport.sendto(bytes(1000), other.address)
            other.transport.sendto(bytes(1000), client.address)
        await until(
            lambda: edge.traffic.packets_to_peers + edge.traffic.over_bandwidth >= 600 - 298
        )
        traffic = edge.traffic
        assert traffic.over_bandwidth
        assert traffic.bytes_to_peers + traffic.bytes_to_clients > 50_000


async def test_a_tcp_connection_takes_its_allocation_with_it(start_relay: StartRelay) -> None:
    relay = await start_relay()
    async with through(relay.addresses[0], transport="tcp") as client:
        assert relay.allocations == 1
        inner = client.transport._TurnTransport__inner_protocol
        inner.refresh_task.cancel()
        inner.transport.abort()
        await until(lambda: relay.allocations == 0)


async def test_connections_are_bounded(
    start_relay: StartRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "SPARE_DESCRIPTORS", 0)
    relay = await start_relay(limits=Limits(total=1))
    streams = [await asyncio.open_connection(*relay.addresses[0]) for _ in range(3)]
    assert await streams[2][0].read() == b"", "the relay has closed it"
    for _, writer in streams:
        writer.close()
        await writer.wait_closed()


async def test_a_private_peer_is_reached_only_where_its_network_is_allowed(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(allowed=(ip_network(f"{HERE}/32"),))
    async with (
        through(relay.addresses[0], secret=relay.secret) as client,
        peer() as other,
        peer("127.0.0.9") as neighbour,
    ):
        await exchange(client, other, 2)
        client.transport.sendto(b"hello", neighbour.address)
        await until(lambda: relay._running.core.counts.refused[403])
        assert not neighbour.received.qsize()


async def test_metrics_are_sums_without_names(start_relay: StartRelay) -> None:
    registry = CollectorRegistry()
    relay = await start_relay(registry=registry)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"turn_relay_{name}", labels)

    async with through(relay.addresses[0], relay_id="somebody.k") as client, peer() as other:
        await exchange(client, other, 5)
        sent = sum(number * 7 + 1 for number in range(5))
        assert value("allocations", tier="key") == 1
        assert value("bytes_total", tier="key", to="peer") == sent
        assert value("bytes_total", tier="key", to="client") == sent + 5 * 4
        assert value("packets_total", tier="key", to="client") == 5
        assert value("bytes_total", tier="local", to="peer") == 0
        assert value("refused_total", code="401") == 1
        labels = [dict(s.labels) for family in registry.collect() for s in family.samples]
        assert {key for each in labels for key in each} == {"to", "code", "reason", "tier"}
        assert "somebody" not in repr(labels)
    await until(lambda: value("allocations", tier="key") == 0)


async def test_uris_are_what_clients_are_given(start_relay: StartRelay) -> None:
    relay = await start_relay()
    (_, four), (_, six), (_, tls) = *relay.addresses, *relay.tls_addresses
    assert relay.port == four
    assert relay.uris == (
        f"turn:{HERE}:{four}?transport=udp",
        f"turn:{HERE}:{four}?transport=tcp",
        f"turn:[{HERE6}]:{six}?transport=udp",
        f"turn:[{HERE6}]:{six}?transport=tcp",
        f"turns:{HERE}:{tls}?transport=tcp",
    )


async def test_no_secret_and_no_address_is_logged(
    start_relay: StartRelay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    relay = await start_relay(FixedSecrets(SECRET))
    async with through(relay.addresses[0], transport="tcp") as client, peer() as other:
        await exchange(client, other, 2)
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("turn")]
    assert not [text for text in ours if "caller" in text or SECRET in text or HERE in text]


async def until(true: Callable[[], object], within: float = 5.0) -> None:
    """Wait for something that another part of this loop does."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - the relay tells nobody, and should not for a test
            await asyncio.sleep(0.005)


def free_range(count: int) -> range:
    """Ports that were free a moment ago, below those that the system gives out."""
    for start in range(20_000, 30_000, count):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(start, start + count):
                stack.enter_context(udp_socket(HERE, port))
            return range(start, start + count)
    raise AssertionError("no port is free")
