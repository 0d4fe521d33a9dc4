"""The relay's TCP and TLS ports: messages one after the other in a stream, per connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

from turn.relay.lanes import Lane, ToClient, Traffic
from turn.relay.model import FiveTuple, Transport
from turn.stun.framing import BadFraming, Framing, padded

IDLE: Final = 30.0
"""Seconds that a connection may be without an allocation."""
LONGEST_OF_A_STRANGER: Final = 2048
"""Bytes of a message that a client without an allocation may have begun: its requests are short."""
MOST_WAITING: Final = 128 * 1024
"""Bytes that wait for a slow client; what comes then is lost, as it would be over UDP."""


class Host(Protocol):
    """What connections belong to."""

    no_tier: Traffic

    def control(self, data: bytes, path: FiveTuple, client: ToClient) -> None:
        """A message that is not ChannelData of a known client."""

    def connected(self, connection: StreamClient, path: FiveTuple) -> bool:
        """A stranger. False: there are too many, close it."""

    def recognised(self, path: FiveTuple) -> None:
        """It is no stranger any more: it has an allocation."""

    def disconnected(self, connection: StreamClient, path: FiveTuple) -> None:
        """It is gone, and its allocation with it; a stranger has been recognised before."""


class StreamClient(asyncio.Protocol):
    """One connection, and the way back to its client."""

    def __init__(self, host: Host, transport: Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._host = host
        self._kind = transport
        self._loop = loop
        self._framing = Framing()
        self._lane: Lane | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._path: FiveTuple | None = None
        self._is_stranger = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # of a stream it is one
        client, server = (transport.get_extra_info(n) for n in ("peername", "sockname"))
        if not client or not server:  # it is gone already
            transport.close()
            return
        path = FiveTuple(self._kind, client[:2], server[:2])
        if not self._host.connected(self, path):
            transport.close()
            return
        self._path = path
        self._wait_for_allocation()

    def data_received(self, data: bytes) -> None:
        path = self._path
        if path is None:
            return
        try:
            messages = self._framing.feed(data)
        except BadFraming:
            self.close()
            return
        now = self._loop.time()
        for message in messages:
            if message[0] >> 6 != 1:
                self._host.control(message, path, self)
            elif self._lane is not None:
                self._lane.from_client(memoryview(message), len(message), now)
            else:
                self._host.no_tier.no_channel += 1
        if self._lane is None and self._framing.waiting > LONGEST_OF_A_STRANGER:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._transport = None
        if self._path is not None:
            self._recognise(self._path)
            self._host.disconnected(self, self._path)

    def send(self, data: bytes | memoryview) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_WAITING:
            self._host.no_tier.unsendable += 1
            return
        transport.write(padded(bytes(data)))  # a copy: the buffer is used again

    def attach(self, lane: Lane) -> None:
        self._lane = lane
        self._stop_waiting()
        if self._path is not None:
            self._recognise(self._path)

    def detach(self) -> None:
        self._lane = None
        self._wait_for_allocation()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Without waiting for a client that reads slowly."""
        if self._transport is not None:
            self._transport.abort()

    def _recognise(self, path: FiveTuple) -> None:
        if self._is_stranger:
            self._is_stranger = False
            self._host.recognised(path)

    def _wait_for_allocation(self) -> None:
        self._stop_waiting()
        if self._transport is not None:
            self._idle = self._loop.call_later(IDLE, self.close)

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def protocol(
    host: Host, transport: Transport, loop: asyncio.AbstractEventLoop
) -> Callable[[], StreamClient]:
    """For `create_server`."""
    return lambda: StreamClient(host, transport, loop)
