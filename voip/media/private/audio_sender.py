"""RTP that goes out: a player's packets straight through SRTP to the network.

aiortc 1.16 runs a task for each sender that asks its track for a packet, sleeps until it comes,
builds it anew and waits for a transport that has nothing to wait for. Here a packet is one function
call from the timer to the socket. aiortc keeps doing RTCP: its sender reports and statistics read
the counters that are kept here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import pylibsrtp
from aioice.ice import Connection
from aiortc import RTCRtpSender
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

from voip.media.private.names import SSRC, Dtls, Sender

_HEADER: Final = struct.Struct("!BBHLL")
_NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins (RFC 3550 §4), to 1970."""


class Send(Protocol):
    def __call__(
        self, payload: bytes, timestamp: int, marker: bool, payload_type: int | None, /
    ) -> None:
        """One packet, now. `timestamp` counts samples at 48 kHz from the track's beginning;
        `payload_type` None: the negotiated codec's."""


class Track(Protocol):
    """What is sent: it calls what `begin` gave it for each packet, when that is due."""

    def begin(self, send: Send) -> None: ...
    def stop(self) -> None: ...


class AudioSender:
    """In the place of aiortc's sending task; `RTCRtpSender.send` starts it and `stop` ends it."""

    def __init__(self, sender: RTCRtpSender, track: Track, way: Callable[[bytes], None]) -> None:
        """Before the sender starts. `way` takes an encrypted packet to the network, or raises
        ConnectionError where that is lost."""
        self._sender: Any = sender
        self._track = track
        self.way = way
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sequence = random.getrandbits(16)  # RFC 3550 §5.1: both begin anywhere
        self._origin = random.getrandbits(32)
        self._paused = False
        self._protect: Callable[[bytes], bytes] = _closed
        setattr(sender, Sender.RUN_RTP, self._run)

    async def _run(self, codec: RTCRtpCodecParameters) -> None:
        getattr(self._sender, Sender.RTP_STARTED).set()
        try:
            self._prepare(codec)
            self._track.begin(self._send)
            with contextlib.suppress(asyncio.CancelledError):
                await self._over
        finally:
            self._track.stop()
            self._protect = _closed
            getattr(self._sender, Sender.RTP_EXITED).set()  # or `stop` waits for it for ever

    def _prepare(self, codec: RTCRtpCodecParameters) -> None:
        """What every packet has: the header extensions never change."""
        self._dtls: Any = self._sender.transport
        packet = RtpPacket(payload_type=codec.payloadType or 0)
        packet.extensions.mid = getattr(self._sender, Sender.MID)
        data = packet.serialize(getattr(self._sender, Sender.EXTENSIONS))
        self._first, self._extensions = data[0], data[_HEADER.size :]
        self._payload_type = packet.payload_type
        self._ssrc: int = getattr(self._sender, SSRC)
        self._protect = getattr(self._dtls, Dtls.OUTBOUND).protect

    def _send(
        self, payload: bytes, timestamp: int, marker: bool, payload_type: int | None, /
    ) -> None:
        if not self._sender._enabled:  # Sender.ENABLED, without looking its name up each time
            self._paused = True
            return
        if self._paused:
            self._paused, marker = False, True
        at = (self._origin + timestamp) & 0xFFFFFFFF
        second = marker << 7 | (self._payload_type if payload_type is None else payload_type)
        header = _HEADER.pack(self._first, second, self._sequence, at, self._ssrc)
        if self._dtls._state is not State.CONNECTED:  # Dtls.STATE
            self._end()
            return
        try:
            data = self._protect(header + self._extensions + payload)
            self.way(data)
        except (ConnectionError, pylibsrtp.Error):
            self._end()
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._count(at, len(payload), len(data))

    def _count(self, timestamp: int, octets: int, size: int) -> None:
        """For RTCP's sender reports (RFC 3550 §6.4.1) and the statistics."""
        sender, dtls = self._sender, self._dtls
        sender._RTCRtpSender__ntp_timestamp = int((time.time() + _NTP_EPOCH) * (1 << 32))
        sender._RTCRtpSender__rtp_timestamp = timestamp
        sender._RTCRtpSender__octet_count += octets
        sender._RTCRtpSender__packet_count += 1
        dtls._RTCDtlsTransport__tx_bytes += size
        dtls._RTCDtlsTransport__tx_packets += 1

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)


def _closed(data: bytes) -> bytes:
    """What holds no memory of libsrtp, which is let go with the connection."""
    raise ConnectionError


def send_now(connection: Connection, data: bytes) -> None:
    """What `Connection.send` does, which waits for nothing either. Raises ConnectionError."""
    pair = connection._nominated.get(1)
    if pair is None:
        raise ConnectionError
    pair.protocol.transport.sendto(data, pair.remote_addr)
