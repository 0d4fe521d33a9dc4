"""One end of the socket pair between the pool and a worker: whole messages, in order, bounded."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import msgspec

from voip.media.workers.messages import ENCODER, FromWorker, ToWorker

log = logging.getLogger(__name__)

T_in = TypeVar("T_in")
T_out = TypeVar("T_out", bound=ToWorker | FromWorker)

MOST_WAITING: Final = 8 << 20
"""Bytes that may wait for the other side to read. It is not alive any more when they are that
many: a session description has a few thousand."""
LONGEST: Final = 4 << 20
"""Bytes of one message."""
_HEAD: Final = 4


class Channel(asyncio.Protocol, Generic[T_in, T_out]):
    """`take` gets each message, on the loop; `over` is called once, when the other side is gone,
    does not read, or sends what cannot be understood."""

    def __init__(
        self,
        decoder: msgspec.msgpack.Decoder[T_in],
        take: Callable[[T_in], None],
        over: Callable[[], None],
    ) -> None:
        self._decoder, self._take, self._over = decoder, take, over
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    async def open(self, sock: socket.socket) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, sock=sock)

    @property
    def closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    @property
    def waiting(self) -> int:
        """Bytes that the other side has not read."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, message: T_out) -> None:
        """After the end it does nothing."""
        if self._transport is None or self.closed:
            return
        data = ENCODER.encode(message)
        self._transport.writelines((len(data).to_bytes(_HEAD, "little"), data))
        if self.waiting > MOST_WAITING:
            log.error("the other side of a media worker's socket does not read: it is given up")
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        at = 0
        while len(self._received) - at >= _HEAD:
            begin = at + _HEAD
            end = begin + int.from_bytes(self._received[at:begin], "little")
            if end - begin > LONGEST:
                log.error("a message of a media worker is too long: it is given up")
                self.close()
                return
            if len(self._received) < end:
                break
            self._take_one(bytes(self._received[begin:end]))
            at = end
        del self._received[:at]

    def connection_lost(self, error: Exception | None) -> None:
        self._over()

    def _take_one(self, data: bytes) -> None:
        try:
            message = self._decoder.decode(data)
        except msgspec.DecodeError:
            log.exception("a message of a media worker cannot be understood: it is given up")
            self.close()
            return
        try:
            self._take(message)
        except Exception:
            log.exception("a message of a media worker could not be handled")
