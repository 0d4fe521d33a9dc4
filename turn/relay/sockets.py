"""The relayed transport addresses: UDP sockets that talk to peers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
import sys
from collections.abc import Callable
from typing import Final

from turn.relay.lanes import LONGEST, Lane, SendTo
from turn.relay.ports import Ports
from turn.stun.names import Family
from turn.stun.values import Address

BATCH: Final = 64
"""Datagrams that one socket may read before the others have their turn."""
RELAY_BUFFER: Final = 1 << 20
"""Bytes that the kernel keeps of each way while this process is busy."""
TRIES: Final = 16
"""Ports that other processes may have bound before the range counts as full."""
CAN_SET_DF: Final = sys.platform == "linux"
_IP_MTU_DISCOVER: Final = 10
_PMTUDISC_DONT: Final = 0
_PMTUDISC_DO: Final = 2
"""linux/in.h; Python's socket module has no names for them."""


class RelaySocket:
    """One relayed address. It reads on its own once it has a lane.

    :param told: the address that clients know it by: behind a NAT, another one than its own. Two
        clients of this relay then have each other's outside address, and most NATs do not let a
        packet come back that way: what goes there takes the short way, and looks as it should.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        told: str,
        buffer: memoryview,
        free: Callable[[], None],
    ) -> None:
        self.ip: str
        self.port: int
        self.ip, self.port = sock.getsockname()[:2]
        self._loop = loop
        self._socket = sock
        self._receive = sock.recvfrom_into
        self._buffer = buffer
        self._body = buffer[4:]
        self._free = free
        self._lane: Lane | None = None
        self._told = told
        self._inside = self.ip if told != self.ip else ""
        self.sendto: SendTo = sock.sendto if told == self.ip else self._send_inside

    def start(self, lane: Lane, family: Family) -> None:
        self._lane = lane
        lane.attach(self.sendto, is_ipv6=family is Family.IPV6)
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def send_unfragmented(self, data: bytes, peer: Address) -> None:
        """With the DF bit (RFC 8656 section 15). Raises OSError: it does not fit, say."""
        option = (socket.IPPROTO_IP, _IP_MTU_DISCOVER)
        self._socket.setsockopt(*option, _PMTUDISC_DO)
        try:
            self.sendto(memoryview(data), peer)
        finally:
            self._socket.setsockopt(*option, _PMTUDISC_DONT)

    def close(self) -> None:
        if self._lane is not None:
            self._lane = None
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._free()

    def _readable(self) -> None:
        lane = self._lane
        now = self._loop.time()
        for _ in range(BATCH):
            if lane is None:
                return
            try:
                size, peer = self._receive(self._body)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier packet
                continue
            if peer[0] == self._inside:
                peer = (self._told, peer[1])
            lane.from_peer(self._buffer, size, peer[:2], now)

    def _send_inside(self, data: memoryview, peer: Address) -> None:
        """What `sendto` is behind a NAT. Raises OSError."""
        ip, port = peer
        self._socket.sendto(data, (self.ip if ip == self._told else ip, port))


class NoPort(Exception):
    """Every port of the range is taken."""


class RelaySockets:
    """Opens relayed addresses of one local address.

    :param ip: a local address.
    :param told: what it is called outside.
    :param ports: those that may be bound.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ip: str, told: str, ports: range) -> None:
        self._loop = loop
        self._ip = ip
        self.told = told
        self._family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self._ports = Ports(ports, random.SystemRandom())
        self._buffer = memoryview(bytearray(LONGEST + 4))

    def open(self, *, even: bool = False) -> RelaySocket:
        """Raises NoPort."""
        return self._open(lambda: self._ports.take_even(pair=False) if even else self._ports.take())

    def open_pair(self) -> tuple[RelaySocket, RelaySocket]:
        """An even port and the next one. Raises NoPort."""
        for _ in range(TRIES):
            port = self._ports.take_even(pair=True)
            if port is None:
                break
            first = self._bind(port)
            second = self._bind(port + 1)
            if first is not None and second is not None:
                return first, second
            for each in (first, second):
                if each is not None:
                    each.close()
        raise NoPort

    def _open(self, take: Callable[[], int | None]) -> RelaySocket:
        for _ in range(TRIES):
            port = take()
            if port is None:
                break
            found = self._bind(port)
            if found is not None:
                return found
        raise NoPort

    def _bind(self, port: int) -> RelaySocket | None:
        """None where another process has it, or where there are no descriptors left."""
        try:
            sock = self._bound(port)
        except OSError as error:
            self._ports.give_back(port)
            if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
                raise NoPort from None
            return None
        return RelaySocket(
            self._loop, sock, self.told, self._buffer, lambda: self._ports.give_back(port)
        )

    def _bound(self, port: int) -> socket.socket:
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if self._family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            enlarge(sock, RELAY_BUFFER)
            if CAN_SET_DF and self._family == socket.AF_INET:
                # RFC 8656 section 15: DF is not set unless a client asks for it.
                sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DONT)
            sock.bind((self._ip, port))
        except BaseException:
            sock.close()
            raise
        return sock


def enlarge(sock: socket.socket, size: int) -> None:
    """Ask for kernel buffers of this many bytes; the kernel may give less."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, size)
