"""Packets on their way through an allocation: the one part of the relay that has to be fast.

A lane reads what the core keeps of its allocation (`channels`, `peers`, `permissions`) and writes
none of it: the core takes out what has expired, so that nothing here compares times. One buffer
serves every socket, since each packet is sent before the next is read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from turn.relay.buckets import Bucket
from turn.relay.model import Allocation
from turn.stun.message import HEADER, build
from turn.stun.names import Attribute, Kind, Method
from turn.stun.values import Address, xor_address

CHANNEL_HEADER: Final = struct.Struct("!HH")
LONGEST: Final = 65_536
_DATA_INDICATION_ROOM: Final = HEADER.size + 64

SendTo = Callable[[memoryview, Address], object]
"""A socket's `sendto`."""


class ToClient(Protocol):
    """The way back to a client."""

    def send(self, data: bytes | memoryview) -> None:
        """One message, on whatever transport it is; what cannot be sent now is dropped."""

    def attach(self, lane: Lane) -> None:
        """From now on, ChannelData of this client takes this lane."""

    def detach(self) -> None:
        """The client's allocation is over."""


class Traffic:
    """What was forwarded and what was not, of many allocations together, for metrics."""

    __slots__ = (
        "bytes_to_clients",
        "bytes_to_peers",
        "no_channel",
        "no_permission",
        "over_bandwidth",
        "packets_to_clients",
        "packets_to_peers",
        "unsendable",
    )

    def __init__(self) -> None:
        self.bytes_to_clients = self.packets_to_clients = 0
        self.bytes_to_peers = self.packets_to_peers = 0
        self.no_channel = self.no_permission = self.over_bandwidth = self.unsendable = 0

    @classmethod
    def sum(cls, parts: Iterable[Traffic]) -> Traffic:
        """A new one; it does not go on counting."""
        total = cls()
        for part in parts:
            for name in cls.__slots__:
                setattr(total, name, getattr(total, name) + getattr(part, name))
        return total


class Lane:
    """One allocation's packets, both ways."""

    __slots__ = (
        "_channels",
        "_client",
        "_peers",
        "_permissions",
        "_random",
        "_send4",
        "_send6",
        "_to_client",
        "_to_peers",
        "_total",
        "_traffic",
        "allocation",
    )

    def __init__(
        self,
        allocation: Allocation,
        client: ToClient,
        traffic: Traffic,
        total: Bucket | None,
        random: Callable[[int], bytes],
    ) -> None:
        self.allocation = allocation
        self._channels = allocation.channels
        self._peers = allocation.peers
        self._permissions = allocation.permissions
        self._to_peers = allocation.to_peers
        self._to_client = allocation.to_client
        self._client = client
        self._traffic = traffic
        self._total = total
        self._random = random
        self._send4: SendTo = _nowhere
        self._send6: SendTo = _nowhere

    def attach(self, sendto: SendTo, *, is_ipv6: bool) -> None:
        """Packets to peers of this family leave here."""
        if is_ipv6:
            self._send6 = sendto
        else:
            self._send4 = sendto

    def from_client(self, view: memoryview, size: int, now: float) -> None:
        """A ChannelData message of `size` bytes in `view` (RFC 8656 section 12.6)."""
        number, length = CHANNEL_HEADER.unpack_from(view)
        channel = self._channels.get(number)
        # Over UDP padding is allowed and not needed: the length decides (section 12.5).
        if channel is None or length > size - 4:
            self._traffic.no_channel += 1
            return
        self._forward(view[4 : 4 + length], length, channel.peer, channel.is_ipv6, now)

    def to_peer(self, data: bytes, peer: Address, *, is_ipv6: bool, now: float) -> None:
        """What a Send indication carried; the core has checked it."""
        self._forward(memoryview(data), len(data), peer, is_ipv6, now)

    def from_peer(self, buffer: memoryview, size: int, peer: Address, now: float) -> None:
        """A datagram of `size` bytes that stands in `buffer` after four bytes of room."""
        channel = self._peers.get(peer)
        traffic = self._traffic
        if channel is None and peer[0] not in self._permissions:
            traffic.no_permission += 1  # RFC 8656 section 11.3: silently discarded
            return
        bucket, total = self._to_client, self._total
        if (bucket is not None and not bucket.take(size, now)) or (
            total is not None and not total.take(size, now)
        ):
            traffic.over_bandwidth += 1
            return
        traffic.bytes_to_clients += size
        traffic.packets_to_clients += 1
        if channel is not None:
            CHANNEL_HEADER.pack_into(buffer, 0, channel.number, size)
            self._client.send(buffer[: 4 + size])
        elif size < LONGEST - _DATA_INDICATION_ROOM:
            self._client.send(self._indication(bytes(buffer[4 : 4 + size]), peer))

    def _forward(
        self,
        data: memoryview,
        length: int,
        peer: Address,
        is_ipv6: bool,
        now: float,
    ) -> None:
        bucket, total, traffic = self._to_peers, self._total, self._traffic
        if (bucket is not None and not bucket.take(length, now)) or (
            total is not None and not total.take(length, now)
        ):
            traffic.over_bandwidth += 1
            return
        try:
            (self._send6 if is_ipv6 else self._send4)(data, peer)
        except OSError:  # full, too long, unreachable: what UDP does is lose it
            traffic.unsendable += 1
            return
        traffic.bytes_to_peers += length
        traffic.packets_to_peers += 1

    def _indication(self, data: bytes, peer: Address) -> bytes:
        """RFC 8656 section 11.3: a peer with permission and without a channel."""
        transaction_id = self._random(12)
        address = xor_address(peer, transaction_id)
        attributes = ((Attribute.XOR_PEER_ADDRESS, address), (Attribute.DATA, data))
        return build(Method.DATA, Kind.INDICATION, transaction_id, attributes)


def _nowhere(data: memoryview, peer: Address) -> None:
    raise OSError("no socket of this family")
