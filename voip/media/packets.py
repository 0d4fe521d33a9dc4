"""What one encoded packet or frame is, between the tap that sees it and whoever keeps it.

Sinks are called on the event loop, once a packet: they must not block and must not raise.
"""

from __future__ import annotations

from typing import Protocol

from voip.signalling.record import Record


class AudioPacket(Record):
    """One Opus packet as it arrived, decrypted and not decoded."""

    payload: bytes
    sequence: int
    """RTP sequence number, 16 bits, as on the wire (RFC 3550 §5.1)."""
    timestamp: int
    """RTP timestamp, 32 bits, 48 kHz (RFC 7587 §4.1)."""
    ssrc: int
    arrival: float
    """Seconds of the monotonic clock."""
    level: int | None
    """Loudness as −dBov, 0 (loudest) to 127 (silence), where the sender says it (RFC 6464)."""


class PlayedPacket(AudioPacket):
    """One that we sent; `arrival` is when it was due."""


class VideoFrame(Record):
    """One whole encoded video frame, reassembled and not decoded."""

    codec: str
    """`VP8` or `H264`, as in the SDP's rtpmap."""
    data: bytes
    timestamp: int
    """RTP timestamp, 32 bits, 90 kHz."""
    keyframe: bool
    arrival: float
    """Seconds of the monotonic clock."""
    screen: int = 0
    """0 is the camera; a screen has the number of its share in this call (`m.screenshare`)."""
    ssrc: int = 0
    profile: str = ""
    """H.264: its `profile-level-id`, as agreed on."""


class EventPacket(Record):
    """One packet of a telephone event (RFC 4733), which shares the sound's stream."""

    payload: bytes
    timestamp: int
    """When the event began, 32 bits."""
    ssrc: int
    begins: bool
    """The marker bit: the event begins here (RFC 4733 §2.2.1)."""
    clock_rate: int
    """Hertz, of the durations inside."""
    arrival: float
    """Seconds of the monotonic clock."""


class SenderReport(Record):
    """When a stream's sender says that a timestamp was (RFC 3550 §6.4.1)."""

    ssrc: int
    ntp: float
    """Seconds since 1900 on the sender's clock, the same for all of its streams; 0: unknown."""
    timestamp: int
    """The same moment as an RTP timestamp, 32 bits."""
    clock_rate: int
    """Hertz, of that."""


class AudioSink(Protocol):
    def audio(self, packet: AudioPacket) -> None: ...


class VideoSink(Protocol):
    def video(self, frame: VideoFrame) -> None: ...


class ReportSink(Protocol):
    def report(self, report: SenderReport) -> None: ...
