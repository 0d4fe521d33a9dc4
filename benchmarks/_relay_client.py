"""A TURN client without a loop, for `turn_relay`: it allocates, binds, and sends in windows."""

from __future__ import annotations

import os
import select
import socket
import time
from typing import Self

from turn.credentials import mint
from turn.stun.message import Pair, build, long_term_key, parse
from turn.stun.names import Attribute, Kind, Method
from turn.stun.values import (
    UDP,
    Address,
    channel_number,
    first_byte,
    read_xor_address,
    xor_address,
)
from voip.service.demo.coturn import own_address

ADDRESS = own_address()
"""Not loopback: coturn has no peers there."""
CHANNEL = 0x4000
REQUESTED_UDP: Pair = (Attribute.REQUESTED_TRANSPORT, first_byte(UDP))
WINDOW = 64
"""Packets on their way at once: coturn loses some of 128."""
BUFFER = 4 << 20
LOST_AFTER = 1.0


class LostPackets(Exception):
    """What was sent did not arrive."""


class TurnClient:
    """One five-tuple at a relay. Blocking."""

    def __init__(self, server: Address, secret: str, relay_id: str = "bench") -> None:
        self.socket = udp_socket()
        self.socket.connect(server)
        self.socket.settimeout(5.0)
        minted = mint(secret, relay_id, 36_000, time.time())
        self._username, self._password = minted.username, minted.password
        self._realm = self._nonce = b""
        self._key: bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.settimeout(5.0)
        self.ask(Method.REFRESH, (Attribute.LIFETIME, bytes(4)))
        self.socket.close()

    def allocate(self) -> Address:
        """The relayed address."""
        self.challenge()
        transaction_id, found = self.once(Method.ALLOCATE, REQUESTED_UDP)
        return read_xor_address(found[Attribute.XOR_RELAYED_ADDRESS], transaction_id)

    def challenge(self) -> None:
        """What every client begins with: realm and nonce."""
        _, found = self.once(Method.ALLOCATE, REQUESTED_UDP)
        self._realm, self._nonce = found[Attribute.REALM], found[Attribute.NONCE]
        self._key = long_term_key(self._username, self._realm.decode(), self._password)

    def bind(self, peer: Address, number: int = CHANNEL) -> None:
        transaction_id = os.urandom(12)
        pair = (Attribute.XOR_PEER_ADDRESS, xor_address(peer, transaction_id))
        number_pair = (Attribute.CHANNEL_NUMBER, channel_number(number))
        self.once(Method.CHANNEL_BIND, number_pair, pair, transaction_id=transaction_id)

    def ask(self, method: Method, *pairs: Pair) -> None:
        self.once(method, *pairs)

    def once(
        self, method: Method, *pairs: Pair, transaction_id: bytes | None = None
    ) -> tuple[bytes, dict[int, bytes]]:
        """One request; gives its transaction id and the attributes of the response."""
        transaction_id = transaction_id or os.urandom(12)
        signing: tuple[Pair, ...] = ()
        if self._key is not None:
            signing = (
                (Attribute.USERNAME, self._username.encode()),
                (Attribute.REALM, self._realm),
                (Attribute.NONCE, self._nonce),
            )
        data = build(method, Kind.REQUEST, transaction_id, (*pairs, *signing), key=self._key)
        self.socket.send(data)
        answer = parse(self.socket.recv(2048))
        if answer.kind is Kind.ERROR and self._key is not None:
            raise RuntimeError(f"the relay refuses {method.name}")
        return transaction_id, dict(answer.attributes)


def udp_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.bind((ADDRESS, 0))
    return sock


def pump(source: socket.socket, sink: socket.socket, packet: bytes, count: int) -> float:
    """Send `count` packets with at most WINDOW on their way; gives seconds. Both are connected.

    Raises LostPackets. What is measured is the relay where it is slower than this loop.
    """
    source.setblocking(False)
    sink.setblocking(False)
    buffer = bytearray(2048)
    sent = received = 0
    began = time.perf_counter()
    while received < count:
        while sent < count and sent - received < WINDOW:
            source.send(packet)
            sent += 1
        try:
            while True:
                sink.recv_into(buffer)
                received += 1
        except BlockingIOError:
            if received < count and (sent == count or sent - received >= WINDOW):
                ready, _, _ = select.select([sink], [], [], LOST_AFTER)
                if not ready:
                    raise LostPackets(f"{sent - received} of {sent}") from None
    return time.perf_counter() - began
