"""The only place that touches private names of aiortc 1.16 and aioice 0.13.

Neither has a public way to get encoded media, to bound gathering or to speak DTLS with an RSA
peer. Every private name stands in the tables below; `moved_names` says which of them a newer
version no longer has, and a test fails with that list.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Any, Final

from aioice.candidate import Candidate as IceCandidate
from aioice.ice import CandidatePair, Connection, StunProtocol
from aioice.turn import TurnTransport
from aiortc import RTCDtlsTransport, RTCIceTransport, RTCPeerConnection, RTCRtpReceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import NackGenerator, StreamStatistics
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtpPacket
from OpenSSL import SSL

from voip.media.keyframes import is_keyframe
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.stand_ins import FrameQueue, SameTimestamp, distance

log = logging.getLogger(__name__)


class Receiver(StrEnum):
    """Of `aiortc.RTCRtpReceiver`."""

    HANDLE_RTP = "_handle_rtp_packet"
    HANDLE_RTCP = "_handle_rtcp_packet"
    SEND_PLI = "_send_rtcp_pli"
    ENABLED = "_enabled"
    CODECS = "_RTCRtpReceiver__codecs"
    STREAMS = "_RTCRtpReceiver__remote_streams"
    DECODER_QUEUE = "_RTCRtpReceiver__decoder_queue"
    DECODER_THREAD = "_RTCRtpReceiver__decoder_thread"
    TIMESTAMPS = "_RTCRtpReceiver__timestamp_mapper"
    NACKS = "_RTCRtpReceiver__nack_generator"


class Dtls(StrEnum):
    """Of `aiortc.RTCDtlsTransport`."""

    CERTIFICATE = "_RTCDtlsTransport__local_certificate"
    HANDLE_RTP_DATA = "_handle_rtp_data"
    HANDLE_RTCP_DATA = "_handle_rtcp_data"


class Ice(StrEnum):
    """Of `aioice.Connection`."""

    CHECKS = "_check_list"
    LOCAL = "_local_candidates"
    PAIR = "_pair_remote_candidate"
    PROTOCOLS = "_protocols"
    REMOTE = "_remote_candidates"
    REMOTE_END = "_remote_candidates_end"


RECV: Final = "_recv"
CONNECTION: Final = "_connection"
CREATE_CONTEXT: Final = "_create_ssl_context"
CONNECT: Final = "_RTCPeerConnection__connect"
CLOSE_TASK: Final = "_TurnTransport__close_task"

# Both kinds of certificate: a GStreamer peer has an RSA one and, where it is the DTLS server,
# aiortc's own ECDSA-only list shares no cipher with it. RFC 8827 §6.5 asks for the ECDSA ones.
CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"
    b"ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
)
_MAX_STREAMS: Final = 31  # a receiver report holds no more (RFC 3550 §6.4.2, five bits)
_MAX_GAP: Final = 1000


def moved_names(pc: RTCPeerConnection) -> list[str]:
    """The private names that this version of aiortc and aioice lacks.

    `pc` needs one transceiver.
    """
    receiver = pc.getTransceivers()[0].receiver
    dtls = receiver.transport
    ice = dtls.transport
    places: list[tuple[object, tuple[str, ...]]] = [
        (receiver, tuple(Receiver)),
        (dtls, tuple(Dtls)),
        (getattr(dtls, Dtls.CERTIFICATE, None), (CREATE_CONTEXT,)),
        (ice, (RECV,)),
        (ice.iceGatherer, (CONNECTION, Ice.REMOTE_END)),
        (getattr(ice.iceGatherer, CONNECTION, None), tuple(Ice)),
        (pc, (CONNECT,)),
        (TurnTransport(None), (CLOSE_TASK,)),  # type: ignore[arg-type]  # only looked at
    ]
    return [
        f"{type(place).__name__}.{name}"
        for place, names in places
        for name in names
        if not hasattr(place, name)
    ]


def tap_audio(receiver: RTCRtpReceiver, deliver: Callable[[AudioPacket], None]) -> None:
    """Give each packet of the negotiated codec to `deliver` instead of aiortc's jitter buffer
    and decoder. Receiver reports stay right. Before the receiver starts."""
    codecs: dict[int, RTCRtpCodecParameters] = getattr(receiver, Receiver.CODECS)
    streams: dict[int, StreamStatistics] = getattr(receiver, Receiver.STREAMS)

    async def handle(packet: RtpPacket, arrival_time_ms: int) -> None:
        codec = codecs.get(packet.payload_type)
        if codec is None or not getattr(receiver, Receiver.ENABLED):
            return
        stream = streams.get(packet.ssrc)
        if stream is None:
            if len(streams) >= _MAX_STREAMS:
                return
            stream = streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        stream.add(packet)
        if packet.payload:
            level = packet.extensions.audio_level
            deliver(
                AudioPacket(
                    payload=packet.payload,
                    sequence=packet.sequence_number,
                    timestamp=packet.timestamp,
                    ssrc=packet.ssrc,
                    arrival=time.monotonic(),
                    level=None if level is None else level[1],
                )
            )

    setattr(receiver, Receiver.HANDLE_RTP, handle)
    _never_decode(receiver, lambda codec, frame: None)


class VideoTap:
    """Whole encoded frames of a receiver. aiortc keeps doing NACK, RTX, PLI and reassembly."""

    def __init__(self, receiver: RTCRtpReceiver, deliver: Callable[[VideoFrame], None]) -> None:
        """Before the receiver starts."""
        self._receiver = receiver
        self._deliver = deliver
        self._ssrc: int | None = None
        self._last_sequence: int | None = None
        self._codecs: dict[int, RTCRtpCodecParameters] = getattr(receiver, Receiver.CODECS)
        self._original: Callable[..., Awaitable[None]] = getattr(receiver, Receiver.HANDLE_RTP)
        setattr(receiver, Receiver.HANDLE_RTP, self._handle)
        setattr(receiver, Receiver.TIMESTAMPS, SameTimestamp())
        _never_decode(receiver, self._frame)

    async def request_keyframe(self) -> None:
        """Send a Picture Loss Indication (RFC 4585 §6.3.1); nothing before the first packet."""
        if self._ssrc is not None:
            await getattr(self._receiver, Receiver.SEND_PLI)(self._ssrc)

    async def _handle(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        codec = self._codecs.get(packet.payload_type)
        if codec is not None and codec.name.lower() != "rtx":
            self._ssrc = packet.ssrc
            last, self._last_sequence = self._last_sequence, packet.sequence_number
            # aiortc would walk through every missing number of a restarted stream.
            if last is not None and abs(distance(last, packet.sequence_number)) > _MAX_GAP:
                setattr(self._receiver, Receiver.NACKS, NackGenerator())
        await self._original(packet, arrival_time_ms=arrival_time_ms)

    def _frame(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> None:
        self._deliver(
            VideoFrame(
                codec=codec.name.upper(),
                data=frame.data,
                timestamp=frame.timestamp,
                keyframe=is_keyframe(codec.name, frame.data),
                arrival=time.monotonic(),
            )
        )


def accept_rsa(dtls: RTCDtlsTransport) -> None:
    """Let a peer with an RSA certificate be the DTLS server too."""
    certificate = getattr(dtls, Dtls.CERTIFICATE)
    original = getattr(certificate, CREATE_CONTEXT)

    def create(srtp_profiles: Any) -> SSL.Context:
        context: SSL.Context = original(srtp_profiles=srtp_profiles)
        context.set_cipher_list(CIPHERS)
        return context

    setattr(certificate, CREATE_CONTEXT, create)


def guard_input(dtls: RTCDtlsTransport, refused: Callable[[], None]) -> None:
    """Keep one malformed datagram from ending the transport: aiortc's pump dies of an empty one,
    which anybody can send, and of header extensions of the wrong length."""
    ice = dtls.transport
    receive: Callable[[], Awaitable[bytes]] = getattr(ice, RECV)

    async def receive_something() -> bytes:
        while not (data := await receive()):
            refused()
        return data

    def guarded(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def handle(*args: Any, **kwargs: Any) -> None:
            try:
                await original(*args, **kwargs)
            except ConnectionError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever a parser makes of bad input
                log.debug("a packet was dropped: %s", type(error).__name__)
                refused()

        return handle

    setattr(ice, RECV, receive_something)
    for name in (Dtls.HANDLE_RTP_DATA, Dtls.HANDLE_RTCP_DATA):
        setattr(dtls, name, guarded(getattr(dtls, name)))


def connection_of(ice: RTCIceTransport) -> Connection:
    connection: Connection = getattr(ice.iceGatherer, CONNECTION)
    return connection


def protocols_of(connection: Connection) -> list[StunProtocol]:
    return connection._protocols


def checks_of(connection: Connection) -> list[CandidatePair]:
    return connection._check_list


def adopt(
    connection: Connection, candidate: IceCandidate, protocol: StunProtocol | None = None
) -> None:
    """Take a local candidate that was gathered elsewhere, and pair it where ICE runs already."""
    connection._local_candidates.append(candidate)
    if protocol is None:  # server-reflexive: its pairs are those of its host candidate
        return
    connection._protocols.append(protocol)
    for remote in connection._remote_candidates:
        connection._pair_remote_candidate(remote)
    connection.sort_check_list()


def reopen_candidates(ice: RTCIceTransport) -> None:
    """Take remote candidates again after end-of-candidates: some peers send them."""
    setattr(ice.iceGatherer, Ice.REMOTE_END, False)
    setattr(connection_of(ice), Ice.REMOTE_END, False)


def replace_connect(
    pc: RTCPeerConnection, replacement: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Have `replacement` called, and awaited in a task, where aiortc wants to connect. Gives what
    it would have called."""
    original: Callable[[], Awaitable[None]] = getattr(pc, CONNECT)
    setattr(pc, CONNECT, replacement)
    return original


def abandon_relays(connection: Connection) -> None:
    """Close TURN allocations without waiting for a server that does not answer (they expire)."""
    for protocol in list(connection._protocols):
        transport: object = getattr(protocol, "transport", None)
        task = getattr(transport, CLOSE_TASK, None)
        if task is not None:
            task.cancel()


def emitters_of(pc: RTCPeerConnection) -> Iterator[Any]:
    """Everything of a peer connection that emits events by pyee."""
    yield pc
    for transceiver in pc.getTransceivers():
        dtls = transceiver.receiver.transport
        yield from (dtls, dtls.transport, dtls.transport.iceGatherer)
        for track in (transceiver.receiver.track, transceiver.sender.track):
            if track is not None:
                yield track


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
