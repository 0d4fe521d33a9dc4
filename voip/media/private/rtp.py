"""RTP: encoded media as they arrive, and receivers that change in the middle of a call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pylibsrtp
from aiortc import RTCRtpReceiver, RTCRtpTransceiver
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import NackGenerator, RemoteStreamTrack
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtcpSrPacket
from aiortc.rtp import RtpPacket as AiortcPacket

from voip.media.keyframes import is_keyframe
from voip.media.packets import AudioPacket, EventPacket, SenderReport, VideoFrame
from voip.media.private.names import SET_DIRECTION, Dtls, Receiver
from voip.media.reception import Reception
from voip.media.rtp import RtpPacket, parse
from voip.media.stand_ins import FrameQueue, SameTimestamp, distance

_MAX_STREAMS: Final = 31  # a receiver report holds no more (RFC 3550 §6.4.2, five bits)
_MAX_GAP: Final = 1000
_RTP_HEADER: Final = 12  # bytes
_OPUS_RATE: Final = 48_000  # hertz (RFC 7587 §4.1)
_VIDEO_RATE: Final = 90_000  # of every video codec (RFC 3551 §5)


class AudioTap:
    """Each packet of the negotiated codec, instead of aiortc's jitter buffer and decoder, and
    telephone events, which it does not know. Receiver reports stay right."""

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        deliver: Callable[[AudioPacket], None],
        deliver_event: Callable[[EventPacket], None],
        deliver_report: Callable[[SenderReport], None] = lambda report: None,
    ) -> None:
        """Before the receiver starts."""
        self._receiver = receiver
        self.deliver = deliver
        """Where the packets go."""
        self._deliver_event = deliver_event
        self._codecs: dict[int, RTCRtpCodecParameters] = getattr(receiver, Receiver.CODECS)
        self._streams: dict[int, Reception] = getattr(receiver, Receiver.STREAMS)
        self._events: dict[int, int] = {}
        self._dtls = receiver.transport
        self._level_id = 0
        self._streams_seen: Callable[[bytes], None] = lambda ssrc: None
        self._refused: Callable[[], None] = lambda: None
        self._unprotect: Callable[[bytes], bytes] | None = None
        self._ssrc = b""
        """As the last packet of the short way has it."""
        setattr(receiver, Receiver.HANDLE_RTP, self._handle)
        _never_decode(receiver, lambda codec, frame: None)
        _tell_reports(receiver, 48_000, deliver_report)  # RFC 7587 §4.1

    def take_events(self, clock_rates: dict[int, int]) -> None:
        """The payload types that are telephone events, with their clock rates in hertz."""
        self._events = clock_rates
        table = getattr(self._receiver.transport, Dtls.ROUTER).payload_type_table
        for payload_type in clock_rates:
            table.setdefault(payload_type, set()).add(self._receiver)

    def take(self, data: bytes) -> bool:
        """The short way: one encrypted RTP packet, from the socket to whoever listens, without the
        queue and the tasks in between. False where it is not for this receiver, or too early."""
        if len(data) < _RTP_HEADER or data[0] >> 6 != 2:  # RFC 7983 §7: not DTLS
            return False
        payload_type = data[1] & 0x7F
        if payload_type not in self._codecs and payload_type not in self._events:
            return False  # RTCP too: its types are not those of codecs (RFC 5761 §4)
        if self._unprotect is None:
            session = getattr(self._dtls, Dtls.INBOUND)
            if session is None:  # what comes before the handshake's end waits behind it
                return False
            self._unprotect = session.unprotect
        if (ssrc := data[8:12]) != self._ssrc:
            self._ssrc = ssrc
            self._streams_seen(ssrc)
        try:
            packet = parse(self._unprotect(data), self._level_id)
        except (pylibsrtp.Error, ValueError):  # not theirs, or said before; longer than a packet
            packet = None
        if packet is None:
            self._refused()
        else:
            self._accept(packet)
        return True

    def shorten(self, streams_seen: Callable[[bytes], None], refused: Callable[[], None]) -> None:
        """Before `take` is used: who bounds what ever new SSRCs make us keep, and who counts what
        is no packet."""
        self._streams_seen, self._refused = streams_seen, refused

    def close(self) -> None:
        """The call is over: what still comes is nobody's."""
        self._unprotect = None
        self._codecs = {}
        self._events = {}

    def take_level(self, number: int) -> None:
        """The number of the audio level's header extension, 0 for none."""
        self._level_id = number

    async def _handle(self, packet: AiortcPacket, arrival_time_ms: int) -> None:
        """The long way, through aiortc."""
        level = packet.extensions.audio_level
        self._accept(
            RtpPacket(
                packet.payload_type,
                bool(packet.marker),
                packet.sequence_number,
                packet.timestamp,
                packet.ssrc,
                None if level is None else level[1],
                packet.payload,
            )
        )

    def _accept(self, packet: RtpPacket) -> None:
        codec = self._codecs.get(packet.payload_type)
        event_rate = self._events.get(packet.payload_type)
        if codec is None and event_rate is None:
            return
        if not self._receiver._enabled:  # Receiver.ENABLED, without looking its name up each time
            return
        arrival = time.monotonic()
        stream = self._streams.get(packet.ssrc)
        if stream is None:
            stream = _reception(
                self._streams, packet.ssrc, _OPUS_RATE if codec is None else codec.clockRate
            )
            _route_reports(self._receiver, packet.ssrc)
        stream.count(
            packet.sequence_number,
            packet.timestamp if event_rate is None else None,
            len(packet.payload),
            arrival,
        )
        if event_rate is not None:
            self._deliver_event(
                EventPacket(
                    payload=packet.payload,
                    timestamp=packet.timestamp,
                    ssrc=packet.ssrc,
                    begins=packet.marker,
                    clock_rate=event_rate,
                    arrival=arrival,
                )
            )
        elif packet.payload:
            self.deliver(
                AudioPacket(
                    packet.payload,
                    packet.sequence_number,
                    packet.timestamp,
                    packet.ssrc,
                    arrival,
                    packet.level,
                )
            )


class VideoTap:
    """Whole encoded frames of a receiver. aiortc keeps doing NACK, RTX, PLI and reassembly."""

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        deliver: Callable[[VideoFrame], None],
        deliver_report: Callable[[SenderReport], None] = lambda report: None,
    ) -> None:
        """Before the receiver starts."""
        self._receiver = receiver
        self._deliver = deliver
        self.limit: int | None = None
        """Bits a second; the other side is never told that more could be taken (goog-remb)."""
        self._ssrc: int | None = None
        self._last_sequence: int | None = None
        self._codecs: dict[int, RTCRtpCodecParameters] = getattr(receiver, Receiver.CODECS)
        self._streams: dict[int, Reception] = getattr(receiver, Receiver.STREAMS)
        self._original: Callable[..., Awaitable[None]] = getattr(receiver, Receiver.HANDLE_RTP)
        setattr(receiver, Receiver.HANDLE_RTP, self._handle)
        setattr(receiver, Receiver.TIMESTAMPS, SameTimestamp())
        _never_decode(receiver, self._frame)
        _tell_reports(receiver, _VIDEO_RATE, deliver_report)
        self._limit_estimates()

    def _limit_estimates(self) -> None:
        estimator: Any = getattr(self._receiver, Receiver.ESTIMATOR)
        original: Callable[..., tuple[int, list[int]] | None] = estimator.add

        def add(**packet: int) -> tuple[int, list[int]] | None:
            estimate = original(**packet)
            if estimate is None or self.limit is None:
                return estimate
            return min(estimate[0], self.limit), estimate[1]

        estimator.add = add

    async def request_keyframe(self) -> None:
        """Send a Picture Loss Indication (RFC 4585 §6.3.1); nothing before the first packet."""
        if self._ssrc is not None:
            await getattr(self._receiver, Receiver.SEND_PLI)(self._ssrc)

    async def _handle(self, packet: AiortcPacket, arrival_time_ms: int) -> None:
        codec = self._codecs.get(packet.payload_type)
        if codec is not None and codec.name.lower() != "rtx":
            if packet.ssrc != self._ssrc:
                self._begin(packet.ssrc)
            last, self._last_sequence = self._last_sequence, packet.sequence_number
            # aiortc would walk through every missing number of a restarted stream.
            if last is not None and abs(distance(last, packet.sequence_number)) > _MAX_GAP:
                setattr(self._receiver, Receiver.NACKS, NackGenerator())
        if codec is not None and packet.ssrc not in self._streams:
            _reception(self._streams, packet.ssrc, codec.clockRate)
        await self._original(packet, arrival_time_ms=arrival_time_ms)

    def _begin(self, ssrc: int) -> None:
        """Another stream takes the place of the one before: its numbers are its own."""
        self._ssrc, self._last_sequence = ssrc, None
        setattr(self._receiver, Receiver.NACKS, NackGenerator())
        setattr(self._receiver, Receiver.JITTER_BUFFER, JitterBuffer(capacity=512, is_video=True))
        for name in (
            Receiver.STREAMS,
            Receiver.ACTIVE,
            Receiver.LAST_REPORTS,
            Receiver.LAST_REPORT_TIMES,
        ):
            _make_room(getattr(self._receiver, name))

    def _frame(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> None:
        self._deliver(
            VideoFrame(
                codec=codec.name.upper(),
                data=frame.data,
                timestamp=frame.timestamp,
                keyframe=is_keyframe(codec.name, frame.data),
                arrival=time.monotonic(),
                ssrc=self._ssrc or 0,
                profile=str(codec.parameters.get("profile-level-id", "")),
            )
        )


async def receive(receiver: RTCRtpReceiver, parameters: RTCRtpReceiveParameters) -> None:
    """Start a receiver or give it what was negotiated anew: aiortc takes that at the start only.

    The connection is up."""
    if receiver.track is None:
        setattr(receiver, Receiver.TRACK, RemoteStreamTrack(kind=_kind(parameters)))
    if not getattr(receiver, Receiver.STARTED):
        await receiver.receive(parameters)
        return
    codecs: dict[int, RTCRtpCodecParameters] = getattr(receiver, Receiver.CODECS)
    codecs.clear()
    codecs.update({codec.payloadType or 0: codec for codec in parameters.codecs})
    rtx: dict[int, int] = getattr(receiver, Receiver.RTX)
    rtx.clear()
    rtx.update({one.rtx.ssrc or 0: one.ssrc or 0 for one in parameters.encodings if one.rtx})
    dtls = receiver.transport
    getattr(dtls, Dtls.ROUTER).unregister_receiver(receiver)
    getattr(dtls, Dtls.REGISTER)(receiver, parameters)
    for ssrc in getattr(receiver, Receiver.STREAMS):
        _route_reports(receiver, ssrc)


def direct(transceiver: RTCRtpTransceiver, direction: str) -> None:
    """Let a transceiver send and receive what `direction` says, seen from here."""
    getattr(transceiver, SET_DIRECTION)(direction)


def _kind(parameters: RTCRtpReceiveParameters) -> str:
    return parameters.codecs[0].mimeType.split("/")[0]


def _route_reports(receiver: RTCRtpReceiver, ssrc: int) -> None:
    """aiortc learns whose an SSRC is from packets that come through it, if it is not told."""
    getattr(receiver.transport, Dtls.ROUTER).ssrc_table.setdefault(ssrc, receiver)


def _tell_reports(
    receiver: RTCRtpReceiver, clock_rate: int, deliver: Callable[[SenderReport], None]
) -> None:
    original: Callable[[AnyRtcpPacket], Awaitable[None]] = getattr(receiver, Receiver.HANDLE_RTCP)

    async def handle(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            # RFC 3550 §4: 32 bits of seconds, 32 of their fraction.
            ntp = info.ntp_timestamp / (1 << 32)
            deliver(SenderReport(packet.ssrc, ntp, info.rtp_timestamp, clock_rate))
        await original(packet)

    setattr(receiver, Receiver.HANDLE_RTCP, handle)


def _reception(streams: dict[int, Reception], ssrc: int, clock_rate: int) -> Reception:
    """Of a new stream: aiortc makes its reports of what stands there."""
    _make_room(streams)
    streams[ssrc] = Reception(clock_rate)
    return streams[ssrc]


def _make_room(entries: dict[int, Any]) -> None:
    """For one more SSRC; a peer may change it as often as it likes."""
    while len(entries) >= _MAX_STREAMS:
        del entries[next(iter(entries))]


def _never_decode(
    receiver: RTCRtpReceiver, deliver: Callable[[RTCRtpCodecParameters, JitterFrame], None]
) -> None:
    setattr(receiver, Receiver.DECODER_QUEUE, FrameQueue(deliver))
    original: Callable[[AnyRtcpPacket], Awaitable[None]] = getattr(receiver, Receiver.HANDLE_RTCP)

    async def handle(packet: AnyRtcpPacket) -> None:
        # A BYE ends one SSRC (RFC 3550 §6.6); aiortc takes it for the end of the receiver.
        if not isinstance(packet, RtcpByePacket):
            await original(packet)

    setattr(receiver, Receiver.HANDLE_RTCP, handle)
