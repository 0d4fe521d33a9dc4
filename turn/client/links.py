"""A way to the relay: UDP, TCP or TLS. Bytes of whole messages in and out."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Callable
from typing import cast

from turn.client.errors import Closed, Malformed, NoAnswer, RelayError, Unreachable
from turn.client.messages import frames
from turn.client.tls import TlsFailed, fault_of
from turn.client.uri import RelayUri, Transport

Address = tuple[str, int]
NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class Link:
    """An open way to one address of a relay. Close it."""

    reliable: bool

    def __init__(self) -> None:
        self.on_message: Callable[[bytes], None] = lambda _: None
        self.on_lost: Callable[[RelayError], None] = lambda _: None

    def send(self, data: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class UdpLink(Link, asyncio.DatagramProtocol):
    """Datagrams to the relay alone (a connected socket, so that a closed port is noticed)."""

    reliable = False
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.on_message(data)

    def error_received(self, exc: Exception) -> None:
        self.on_lost(_unreachable(exc))

    def send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class StreamLink(Link, asyncio.Protocol):
    """TCP, or TLS over it."""

    reliable = True

    def __init__(self) -> None:
        super().__init__()
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            for message in frames(self._buffer):
                self.on_message(message)
        except Malformed as error:
            self.on_lost(error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_lost(Closed("the relay ended the connection"))

    @property
    def opened(self) -> asyncio.Transport:
        """Raises Closed where it is not open."""
        if self.transport is None:
            raise Closed("the connection is not open")
        return self.transport

    def send(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()


async def open_udp(address: Address) -> UdpLink:
    """Open a socket to the relay; nothing is sent. Raises Unreachable where no way leads there."""
    loop = asyncio.get_running_loop()
    try:
        _, link = await loop.create_datagram_endpoint(UdpLink, remote_addr=address)
    except OSError as error:
        raise _unreachable(error) from None
    return link


async def open_tcp(address: Address, timeout: float) -> StreamLink:
    """Connect within ``timeout`` seconds. Raises NoAnswer or Unreachable."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            _, link = await loop.create_connection(StreamLink, *address)
    except TimeoutError:
        raise NoAnswer("no TCP connection came about") from None
    except OSError as error:
        raise _unreachable(error) from None
    _at_once(link)
    return link


async def start_tls(link: StreamLink, context: ssl.SSLContext, host: str, timeout: float) -> None:
    """Speak TLS on a TCP link from now on. The link is closed where it fails.

    Raises TlsFailed, NoAnswer, Closed.
    """
    loop, transport = asyncio.get_running_loop(), link.opened
    # The handshake's own failure says more than the end of the connection that follows it.
    link.on_lost = lambda _: None
    try:
        async with asyncio.timeout(timeout):
            link.transport = await loop.start_tls(transport, link, context, server_hostname=host)
    except TimeoutError:
        link.close()
        raise NoAnswer("the TLS handshake was not answered") from None
    except (ssl.SSLError, ConnectionError) as error:
        link.close()
        raise TlsFailed(fault_of(error), _words(error)) from None
    if link.transport is None:
        raise Closed("the relay ended the connection during the TLS handshake")


def _at_once(link: StreamLink) -> None:
    sock = link.transport.get_extra_info("socket") if link.transport else None
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _unreachable(error: Exception) -> Unreachable:
    number = error.errno if isinstance(error, OSError) else None
    text = errno_text(number)
    return Unreachable(text, refused=number == errno.ECONNREFUSED, no_route=number in NO_ROUTE)


def errno_text(number: int | None) -> str:
    """The system's word without the address that Python puts beside it."""
    return os.strerror(number).lower() if number else "the network failed"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return (error.reason or "the handshake failed").replace("_", " ").lower()
    return "the connection was ended during the TLS handshake"


async def open_link(
    uri: RelayUri, address: str, tls: ssl.SSLContext | None, timeout: float
) -> Link:
    """To one address of the URI's host, by the URI's transport; ``timeout`` seconds for a step.

    Raises RelayError.
    """
    where = (address, uri.port)
    if uri.transport is Transport.UDP:
        return await open_udp(where)
    link = await open_tcp(where, timeout)
    if tls is not None and uri.transport is Transport.TLS:
        await start_tls(link, tls, uri.host, timeout)
    return link
