"""Every private name of aiortc 1.16 and aioice 0.13 that is used, and which of them are gone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from aioice.turn import TurnTransport
from aiortc import RTCPeerConnection


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
    TRACK = "_track"
    STARTED = "_RTCRtpReceiver__started"
    RTX = "_RTCRtpReceiver__rtx_ssrc"
    JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
    ACTIVE = "_RTCRtpReceiver__active_ssrc"
    LAST_REPORTS = "_RTCRtpReceiver__lsr"
    ESTIMATOR = "_RTCRtpReceiver__remote_bitrate_estimator"
    LAST_REPORT_TIMES = "_RTCRtpReceiver__lsr_time"


class Dtls(StrEnum):
    """Of `aiortc.RTCDtlsTransport`."""

    CERTIFICATE = "_RTCDtlsTransport__local_certificate"
    HANDLE_RTP_DATA = "_handle_rtp_data"
    HANDLE_RTCP_DATA = "_handle_rtcp_data"
    REGISTER = "_register_rtp_receiver"
    ROUTER = "_rtp_router"
    INBOUND = "_rx_srtp"
    OUTBOUND = "_tx_srtp"
    SSL = "_ssl"
    SEND_RTP = "_send_rtp"
    STATE = "_state"
    SENT_BYTES = "_RTCDtlsTransport__tx_bytes"
    SENT_PACKETS = "_RTCDtlsTransport__tx_packets"


class Sender(StrEnum):
    """Of `aiortc.RTCRtpSender`."""

    RUN_RTP = "_run_rtp"
    RTP_STARTED = "_RTCRtpSender__rtp_started"
    RTP_EXITED = "_RTCRtpSender__rtp_exited"
    MID = "_RTCRtpSender__mid"
    EXTENSIONS = "_RTCRtpSender__rtp_header_extensions_map"
    ENABLED = "_enabled"
    NTP_TIMESTAMP = "_RTCRtpSender__ntp_timestamp"
    RTP_TIMESTAMP = "_RTCRtpSender__rtp_timestamp"
    OCTETS = "_RTCRtpSender__octet_count"
    PACKETS = "_RTCRtpSender__packet_count"


class Ice(StrEnum):
    """Of `aioice.Connection`."""

    CHECKS = "_check_list"
    LOCAL = "_local_candidates"
    LOCAL_END = "_local_candidates_end"
    LOCAL_NAME = "_local_username"
    LOCAL_START = "_local_candidates_start"
    NOMINATED = "_nominated"
    PAIR = "_pair_remote_candidate"
    PROTOCOLS = "_protocols"
    REMOTE = "_remote_candidates"
    REMOTE_END = "_remote_candidates_end"


CERTIFICATES: Final = "_RTCPeerConnection__certificates"
CONNECTION: Final = "_connection"
RECV: Final = "_recv"
SEND: Final = "_send"
CREATE_CONTEXT: Final = "_create_ssl_context"
CONNECT: Final = "_RTCPeerConnection__connect"
CLOSE_TASK: Final = "_TurnTransport__close_task"
SET_DIRECTION: Final = "_setCurrentDirection"
SEND_STARTED: Final = "_RTCRtpSender__started"
SSRC: Final = "_ssrc"
RUN_RTCP: Final = "_run_rtcp"
RTX_SSRC: Final = "_rtx_ssrc"
KEYFRAME_WANTED: Final = "_send_keyframe"
SENDER_RTCP: Final = "_handle_rtcp_packet"


def moved_names(pc: RTCPeerConnection) -> list[str]:
    """The private names that this version of aiortc and aioice lacks.

    `pc` needs one transceiver.
    """
    transceiver = pc.getTransceivers()[0]
    receiver = transceiver.receiver
    dtls = receiver.transport
    ice = dtls.transport
    places: list[tuple[object, tuple[str, ...]]] = [
        (receiver, tuple(Receiver)),
        (dtls, tuple(Dtls)),
        (getattr(dtls, Dtls.CERTIFICATE, None), (CREATE_CONTEXT,)),
        (ice, (RECV, SEND, CONNECTION)),
        (ice.iceGatherer, (CONNECTION,)),
        (getattr(ice.iceGatherer, CONNECTION, None), tuple(Ice)),
        (transceiver, (SET_DIRECTION,)),
        (
            transceiver.sender,
            (SEND_STARTED, SSRC, RUN_RTCP, RTX_SSRC, KEYFRAME_WANTED, SENDER_RTCP, *Sender),
        ),
        (receiver, (RUN_RTCP,)),
        (pc, (CERTIFICATES, CONNECT)),
        (TurnTransport(None), (CLOSE_TASK,)),  # type: ignore[arg-type]  # only looked at
    ]
    return [
        f"{type(place).__name__}.{name}"
        for place, names in places
        for name in names
        if not hasattr(place, name)
    ]
