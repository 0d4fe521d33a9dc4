"""Packets through a lane, without sockets: what passes, and what is counted instead."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turn.relay.clients import PEER, PEER6, Client, World, code_of
from turn.relay.buckets import Bucket
from turn.relay.lanes import LONGEST, Lane, Traffic
from turn.relay.limits import Limits
from turn.stun.message import parse
from turn.stun.names import Attribute, Method
from turn.stun.values import Address, first_byte, read_xor_address


@dataclass
class Ends:
    """What leaves the lane on both sides."""

    to_client: list[bytes] = field(default_factory=list)
    to_peers: list[tuple[int, bytes, Address]] = field(default_factory=list)
    broken: bool = False

    def send(self, data: bytes | memoryview) -> None:
        self.to_client.append(bytes(data))

    def attach(self, lane: Lane) -> None: ...

    def detach(self) -> None: ...

    def sendto4(self, data: memoryview, peer: Address) -> None:
        if self.broken:
            raise OSError
        self.to_peers.append((4, bytes(data), peer))

    def sendto6(self, data: memoryview, peer: Address) -> None:
        self.to_peers.append((6, bytes(data), peer))


def lane(
    limits: Limits | None = None, total: Bucket | None = None
) -> tuple[Lane, Ends, Traffic, Client]:
    """With channel 0x4001 for PEER and 0x4002 for PEER6, and permission for another."""
    client = Client(World.make(limits or Limits()))
    client.allocate((Attribute.ADDITIONAL_ADDRESS_FAMILY, first_byte(2)))
    assert code_of(client.bind(0x4001)) is None
    assert code_of(client.bind(0x4002, PEER6)) is None
    assert code_of(client.permit(("8.8.4.4", 1))) is None
    allocation = client.world.core.allocation(client.path)
    assert allocation is not None
    ends, traffic = Ends(), Traffic()
    made = Lane(allocation, ends, traffic, total, lambda size: bytes(range(size)))
    made.attach(ends.sendto4, is_ipv6=False)
    made.attach(ends.sendto6, is_ipv6=True)
    return made, ends, traffic, client


def from_client(way: Lane, message: bytes, now: float = 1000.0) -> None:
    way.from_client(memoryview(message), len(message), now)


def from_peer(way: Lane, data: bytes, peer: Address, now: float = 1000.0) -> None:
    buffer = memoryview(bytearray(LONGEST + 4))
    buffer[4 : 4 + len(data)] = data
    way.from_peer(buffer, len(data), peer, now)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 7))
def test_channel_data_goes_to_its_peer_without_header_and_padding(data: bytes, more: int) -> None:
    way, ends, traffic, _ = lane()
    length = len(data).to_bytes(2, "big")
    from_client(way, b"\x40\x01" + length + data + bytes(more))
    from_client(way, b"\x40\x02" + length + data)
    assert ends.to_peers == [(4, data, PEER), (6, data, PEER6)]
    assert (traffic.packets_to_peers, traffic.bytes_to_peers) == (2, 2 * len(data))


@pytest.mark.parametrize(
    "message", [b"\x40\x03\0\1x", b"\x7f\xff\0\0", b"\x40\x01\0\2x", b"\x40\x01\xff\xffx"]
)
def test_channels_that_are_not_bound_and_lengths_that_lie(message: bytes) -> None:
    way, ends, traffic, _ = lane()
    from_client(way, message)
    assert ends.to_peers == []
    assert traffic.no_channel == 1


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_packets_of_a_bound_peer_come_on_its_channel(data: bytes) -> None:
    way, ends, traffic, _ = lane()
    from_peer(way, data, PEER)
    from_peer(way, data, PEER6)
    length = len(data).to_bytes(2, "big")
    assert ends.to_client == [b"\x40\x01" + length + data, b"\x40\x02" + length + data]
    assert (traffic.packets_to_clients, traffic.bytes_to_clients) == (2, 2 * len(data))


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([("8.8.4.4", 7), (PEER[0], PEER[1] + 1)]))
def test_packets_of_a_permitted_peer_come_in_a_data_indication(data: bytes, peer: Address) -> None:
    way, ends, _, _ = lane()
    from_peer(way, data, peer)
    message = parse(ends.to_client[0])
    assert message.method == Method.DATA
    assert message.get(Attribute.DATA) == data
    address = message.get(Attribute.XOR_PEER_ADDRESS)
    assert address is not None
    assert read_xor_address(address, message.transaction_id) == peer


def test_others_are_not_heard() -> None:
    way, ends, traffic, client = lane()
    from_peer(way, b"x", ("8.8.9.9", 5000))
    assert ends.to_client == []
    assert traffic.no_permission == 1
    client.world.sleep(301)
    from_peer(way, b"x", ("8.8.4.4", 1))
    assert ends.to_client == []
    from_peer(way, b"x", PEER)
    assert len(ends.to_client) == 1, "a channel permits for as long as it lasts"


def test_an_indication_that_would_not_fit_is_dropped() -> None:
    way, ends, _, _ = lane()
    from_peer(way, bytes(65_500), ("8.8.4.4", 1))
    assert ends.to_client == []


def test_a_socket_that_cannot_send_loses_the_packet_and_nothing_else() -> None:
    way, ends, traffic, _ = lane()
    ends.broken = True
    from_client(way, b"\x40\x01\0\1x")
    assert (traffic.unsendable, traffic.packets_to_peers) == (1, 0)
    ends.broken = False
    from_client(way, b"\x40\x01\0\1x")
    assert traffic.packets_to_peers == 1


def test_bandwidth_is_counted_each_way_by_itself() -> None:
    way, ends, traffic, _ = lane(Limits(allocation_bandwidth=65_536.0))
    message = b"\x40\x01\xff\xfa" + bytes(65_530)
    from_client(way, message)
    from_client(way, message)
    from_peer(way, bytes(65_000), PEER)
    assert (len(ends.to_peers), len(ends.to_client), traffic.over_bandwidth) == (1, 1, 1)
    from_client(way, message, now=1001.0)
    assert len(ends.to_peers) == 2


def test_the_total_bandwidth_is_of_everybody() -> None:
    total = Bucket(100_000.0, 100_000.0, 1000.0)
    first, second = lane(total=total), lane(total=total)
    message = b"\x40\x01\xff\xfa" + bytes(65_530)
    from_client(first[0], message)
    from_client(second[0], message)
    from_peer(second[0], bytes(65_000), PEER)
    assert len(first[1].to_peers) == 1
    assert (second[1].to_peers, second[1].to_client) == ([], [])
    assert second[2].over_bandwidth == 2
