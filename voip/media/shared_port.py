"""One UDP port for the media of all calls of a process: one socket for each address family.

What containers and firewalls need, and where most of the cost of a packet goes away: waking up
costs more than all the work on a packet, so a wake-up reads everything that has come, and they are
paced. A packet goes from the socket through SRTP to whoever listens to the call, without a queue
or a task in between.

Datagrams belong to whoever showed from their address that it knows the call's credentials. Whoever
does not know them can neither begin a call nor take an address away from one.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import secrets
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aioice import Connection
from aioice.ice import StunProtocol

from voip.media import demux, private
from voip.media.demux import Kind
from voip.media.errors import PortInUse
from voip.media.paced_reader import BATCH, PacedReader
from voip.media.port_routes import Line, Routes
from voip.media.port_transport import LineTransport

log = logging.getLogger(__name__)

MAX_DATAGRAM: Final = 2048
BUFFER: Final = 4 << 20
"""Bytes that the kernel keeps while the loop is busy: a second of some hundred calls."""
_FAMILIES: Final = (socket.AF_INET, socket.AF_INET6)
_TRIES: Final = 8
"""Where any port will do: the one that IPv4 got may be another's for IPv6."""
_NO_IPV6: Final = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


class SharedPort:
    """Open and close it on the event loop."""

    def __init__(self, port: int) -> None:
        """`port` 0: any that is free."""
        self._wanted = port
        self._routes = Routes()
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._readers: list[PacedReader] = []
        self._hurried: set[object] = set()
        self.strangers = 0
        """Datagrams that belong to no call."""

    @property
    def port(self) -> int:
        """0 where it is not open."""
        for one in self._sockets.values():
            return int(one.getsockname()[1])
        return 0

    @property
    def families(self) -> tuple[socket.AddressFamily, ...]:
        return tuple(self._sockets)

    def open(self) -> None:
        """Raises PortInUse, or OSError as the system gives it."""
        for _ in range(0 if self._wanted else _TRIES):
            with contextlib.suppress(PortInUse):
                self._open()
                return
        self._open()

    def _open(self) -> None:
        for family in _FAMILIES:
            try:
                one = _bound(family, self.port or self._wanted)
            except OSError as error:
                if family is socket.AF_INET6 and error.errno in _NO_IPV6:
                    continue  # a machine without IPv6
                self.close()
                if error.errno == errno.EADDRINUSE:
                    raise PortInUse(self._wanted) from None
                raise
            self._sockets[family] = one
            drain = partial(self._drain, family, one)
            self._readers.append(PacedReader(one, drain, lambda: bool(self._hurried)))

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        for one in self._sockets.values():
            one.close()
        self._sockets.clear()

    def hurry(self, who: object, wanted: bool) -> None:
        """Whether `who` needs packets promptly; they are read less often where nobody does."""
        if wanted:
            self._hurried.add(who)
        else:
            self._hurried.discard(who)

    @staticmethod
    def name(connection: Connection) -> None:
        """Give it a user name fragment that no other has, before anybody is told of it
        (RFC 8839 §5.4: 4 to 256 characters)."""
        private.rename(connection, secrets.token_hex(4))

    def attach(
        self, connection: Connection, owner: object, crowded: Callable[[], None]
    ) -> dict[socket.AddressFamily, Line]:
        """Let an ICE connection send and receive through this port; a line for each family.

        It was named by `name` before. `owner` is the call: another connection of the same one
        takes over its addresses. `crowded` is called where the other side is at an address that
        another call has: it cannot be reached through this port then.
        """
        return {
            family: self._line(
                Line(connection, StunProtocol(connection), owner, crowded), family, sock
            )
            for family, sock in self._sockets.items()
        }

    def _line(self, line: Line, family: socket.AddressFamily, sock: socket.socket) -> Line:
        self._routes.add(line, family)
        transport = LineTransport(
            sock,
            line.protocol,
            asked=lambda transaction: self._routes.asked(transaction, line),
            closed=lambda: self._routes.remove(line),
        )
        line.protocol.connection_made(transport)
        return line

    # --- reading ---

    def _drain(self, family: socket.AddressFamily, sock: socket.socket) -> int:
        """Everything that has come, or `BATCH`; returns how many datagrams it was."""
        receive, by_address = sock.recvfrom, self._routes.by_address[family]
        for count in range(BATCH):
            try:
                data, address = receive(MAX_DATAGRAM)
            except BlockingIOError:
                return count
            except OSError as error:  # of a datagram sent before, where the system tells it
                log.debug("the media port: %s", errno.errorcode.get(error.errno or 0, "?"))
                continue
            line = by_address.get(address)
            if line is not None and data and data[0] > 19:
                line.deliver(data, 1)
            else:
                self._other(family, data, address, line)
        return BATCH

    def _other(
        self, family: socket.AddressFamily, data: bytes, address: Any, line: Line | None
    ) -> None:
        """Not media from an address that is known: STUN, or nobody's."""
        datagram = demux.read(data)
        if datagram.kind is Kind.REQUEST:
            line = self._routes.named(datagram.name, family)
        elif datagram.kind is Kind.RESPONSE:
            line = self._routes.answered(datagram.name)
        else:
            line = None
        if line is None:
            self.strangers += 1
            return
        line.protocol.datagram_received(data, address)


def _bound(family: socket.AddressFamily, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _enlarge(sock)
        sock.bind(("", port))
    except BaseException:
        sock.close()
        raise
    return sock


def _enlarge(sock: socket.socket) -> None:
    """As far as the system lets us: beyond its limit, only with CAP_NET_ADMIN."""
    force = getattr(socket, "SO_RCVBUFFORCE", 33)  # Linux; Python 3.11 does not name it
    try:
        sock.setsockopt(socket.SOL_SOCKET, force, BUFFER)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
