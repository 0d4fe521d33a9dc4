"""What `private` puts in the place of parts of aiortc 1.16."""

from __future__ import annotations

from collections.abc import Callable

from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters


class SameTimestamp:
    """In place of aiortc's mapper, which takes a new SSRC for a wrap of 2³²."""

    def map(self, timestamp: int) -> int:
        return timestamp


class FrameQueue:
    """In place of the decoder's queue: what is put in goes on at once, and the decoder thread
    finds its end there, so that none runs and none has to be joined on the event loop."""

    def __init__(self, deliver: Callable[[RTCRtpCodecParameters, JitterFrame], None]) -> None:
        self._deliver = deliver

    def put(self, task: tuple[RTCRtpCodecParameters, JitterFrame] | None) -> None:
        if task is not None:
            self._deliver(*task)

    def get(self) -> None:
        return None


def distance(last: int, now: int) -> int:
    """From one RTP sequence number to another, −32768 to 32767 (RFC 3550 §5.1: 16 bits)."""
    return ((now - last + 0x8000) & 0xFFFF) - 0x8000
