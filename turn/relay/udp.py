"""The relay's UDP port: reads all that is there at each wake-up, and sorts it by its first bits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from turn.relay.lanes import LONGEST, Lane, ToClient, Traffic
from turn.relay.model import FiveTuple, Transport
from turn.relay.sockets import enlarge

BATCH: Final = 256
"""Datagrams read before the loop turns to the relayed sockets."""
LISTENER_BUFFER: Final = 4 << 20
"""Bytes; one socket for all clients, so that it has to hold all of their bursts."""

Control = Callable[[bytes, FiveTuple, ToClient], None]
"""What takes everything that is not ChannelData of a known client."""


class UdpClient:
    """The way back to one client."""

    __slots__ = ("_address", "_lanes", "_sendto", "_traffic")

    def __init__(
        self,
        sendto: Callable[..., int],
        address: Any,
        lanes: dict[Any, Lane],
        traffic: Traffic,
    ) -> None:
        self._sendto = sendto
        self._address = address
        self._lanes = lanes
        self._traffic = traffic

    def send(self, data: bytes | memoryview) -> None:
        try:
            self._sendto(data, self._address)
        except OSError:
            self._traffic.unsendable += 1

    def attach(self, lane: Lane) -> None:
        self._lanes[self._address] = lane

    def detach(self) -> None:
        self._lanes.pop(self._address, None)


class UdpListener:
    """One UDP port with all of its clients.

    :param sock: bound and not blocking; the listener closes it.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        control: Control,
        traffic: Traffic,
    ) -> None:
        self.lanes: dict[Any, Lane] = {}
        """By the client's address, in full: for IPv6 it has a scope too."""
        self.server: tuple[str, int] = sock.getsockname()[:2]
        self._loop = loop
        self._socket = sock
        self._receive = sock.recvfrom_into
        self._buffer = memoryview(bytearray(LONGEST))
        self._control = control
        self._traffic = traffic
        enlarge(sock, LISTENER_BUFFER)
        loop.add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _readable(self) -> None:
        buffer, receive, lanes = self._buffer, self._receive, self.lanes
        now = self._loop.time()
        for _ in range(BATCH):
            try:
                size, source = receive(buffer)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier answer
                continue
            # RFC 8656 section 12.4: the first two bits tell ChannelData (01) from STUN (00).
            if size >= 4 and buffer[0] >> 6 == 1:
                lane = lanes.get(source)
                if lane is not None:
                    lane.from_client(buffer, size, now)
                else:
                    self._traffic.no_channel += 1
            else:
                path = FiveTuple(Transport.UDP, source[:2], self.server)
                client = UdpClient(self._socket.sendto, source, lanes, self._traffic)
                self._control(bytes(buffer[:size]), path, client)


def udp_socket(ip: str, port: int) -> socket.socket:
    """Bound, not blocking, of one family alone. Raises OSError."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            # Else an IPv4 client would come as ::ffff:…, and be told that it is one.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((ip, port))
    except BaseException:
        sock.close()
        raise
    return sock
