"""What aioice takes for the socket of one call: a place on the shared one."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

from aioice.ice import StunProtocol

from voip.media import demux

log = logging.getLogger(__name__)


class LineTransport(asyncio.DatagramTransport):
    """Sends through the shared socket; closing it closes the place, not the socket."""

    def __init__(
        self,
        sock: socket.socket,
        protocol: StunProtocol,
        *,
        asked: Callable[[bytes], None],
        closed: Callable[[], None],
    ) -> None:
        """`asked` is told the transaction of each STUN request that leaves."""
        super().__init__({"sockname": sock.getsockname()})
        self._socket, self._protocol = sock, protocol
        self._asked, self._closed = asked, closed
        self._closing = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        """A datagram that does not leave is lost, as on the network."""
        if self._closing:
            return
        if demux.is_request(data):
            self._asked(demux.transaction_of(data))
        try:
            self._socket.sendto(data, addr)
        except (BlockingIOError, InterruptedError):
            log.debug("the media port's send buffer is full: a datagram was dropped")
        except OSError as error:
            self._protocol.error_received(error)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._closed()
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()
