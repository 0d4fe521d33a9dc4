"""One video of another call that goes out in this one, as it is.

Whole encoded frames go from the one call's receiver into a sender of this call, which packs them
anew under its own SSRC, numbers, clock and payload type, and repeats what gets lost (RFC 4585,
RFC 4588). Nothing is decoded. docs/media.md says why frames are passed on and not packets.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Protocol

import av
from aiortc import RTCDtlsTransport, RTCRtpSender
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from voip.media import private
from voip.media.agreed import Agreed, Line
from voip.media.description import Section
from voip.media.packets import VideoFrame
from voip.media.parameters import sending
from voip.media.sections import VideoFormat, codecs_of, format_of
from voip.media.timeline import Timeline

MAX_WAITING: Final = 30
"""Frames, a second or so. Where more wait, nobody takes them, and the picture begins anew."""
_CLOCK: Final = 90_000  # RFC 7741 §4.1, RFC 6184 §5.1


@dataclass(frozen=True, slots=True)
class Showing:
    """What a call shows of itself, for one purpose."""

    formats: tuple[VideoFormat, ...]
    """It sends in one of these."""
    muted: bool


class Source(Protocol):
    """Whoever is seen, as far as this picture goes."""

    def want_keyframe(self) -> None:
        """Ask for one."""

    def limit(self, rate: int) -> None:
        """Who sees it takes no more bits a second than these."""


class PassedVideo:
    """Made for one sink. It lives as long as the bridge, whether there is anything to see or not,
    so that a picture that comes again has the same numbers."""

    def __init__(
        self, transport: RTCDtlsTransport, showing: Showing, source: Source, *, alone: bool
    ) -> None:
        """`alone`: in a stream of its own, without our sound."""
        self.showing: Showing | None = showing
        """None while there is nothing to see."""
        self._source = source
        self._own_stream = str(uuid.uuid4()) if alone else None
        self._track = _Frames()
        self._sender = RTCRtpSender(self._track, transport)
        self._ssrcs = private.streams_of_sender(self._sender)
        private.on_keyframe_wanted(self._sender, source.want_keyframe)
        private.on_rate_told(self._sender, source.limit)
        self._line: Line | None = None
        """Where it may be sent at the moment."""
        self._begun: tuple[VideoFormat, asyncio.Task[None]] | None = None
        """A sender of aiortc has one codec for life."""

    @property
    def has_begun(self) -> bool:
        return self._begun is not None

    def fits(self, remote: Section) -> bool:
        """Whether the other side's m-line takes what there is to see."""
        formats = () if self.showing is None else self.showing.formats
        return any(format_of(codec) in formats for codec in codecs_of(remote))

    def can_show(self, showing: Showing) -> bool:
        """Whether this sender is the right one for it."""
        return self._begun is None or self._begun[0] in showing.formats

    def stream(self, agreed: Agreed) -> str:
        """The stream that it belongs to: that of our sound, or one of its own."""
        audio = next((one for one in agreed.local.sections if one.kind == "audio"), None)
        stream = ((audio and audio.value("msid")) or "-").split(" ")[0]
        return self._own_stream or (self._track.id if stream == "-" else stream)

    def identity(self, agreed: Agreed) -> list[str]:
        """The attributes of our stream (RFC 8830, RFC 5576)."""
        audio = next((one for one in agreed.local.sections if one.kind == "audio"), None)
        stream = self.stream(agreed)
        cname = ((audio and audio.value("ssrc")) or "").partition("cname:")[2] or stream
        return [
            f"a=msid:{stream} {self._track.id}",
            f"a=ssrc-group:FID {self._ssrcs[0]} {self._ssrcs[1]}",
            *(f"a=ssrc:{ssrc} cname:{cname}" for ssrc in self._ssrcs),
        ]

    def is_in(self, section: Section) -> bool:
        return any(line.startswith(f"a=ssrc:{self._ssrcs[0]} ") for line in section.lines)

    def apply(self, line: Line | None) -> None:
        """Send in this line, None: in none. The connection is up."""
        before, self._line = self._line, line
        if line is not None and before is None:
            self._track.begin_anew()
            self._source.want_keyframe()

    def video(self, frame: VideoFrame) -> None:
        """Take one frame, on the loop."""
        if self._line is None:
            return
        format_ = frame.codec, frame.profile
        if self._begun is None:
            self._begin(self._line, format_)
        if self._begun is not None and self._begun[0] == format_ and not self._track.push(frame):
            self._source.want_keyframe()

    async def stop(self) -> None:
        self._line = None
        self._track.stop()
        if self._begun is not None:
            await self._begun[1]
        await self._sender.stop()

    @property
    def sender(self) -> RTCRtpSender:
        return self._sender

    def _begin(self, line: Line, format_: VideoFormat) -> None:
        """With the codec that comes in, its RTX, and the numbers that the other side gave them."""
        taken = codecs_of(line.remote)
        chosen = next((codec for codec in taken if format_of(codec) == format_), None)
        if chosen is None:
            return
        number = chosen.payloadType
        codecs = [chosen, *(one for one in taken if one.parameters.get("apt") == number)]
        begin = self._sender.send(sending(line, codecs))
        self._begun = format_, asyncio.create_task(begin)


class _Frames(MediaStreamTrack):
    """The track of encoded frames that aiortc asks for. It begins with a keyframe, and again with
    one after a gap."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._queue: deque[VideoFrame] = deque()
        self._news = asyncio.Event()
        self._line: Timeline | None = None
        self._broken = True

    def begin_anew(self) -> None:
        self._broken = True

    def push(self, frame: VideoFrame) -> bool:
        """False where a keyframe is needed to go on."""
        if self._broken and not frame.keyframe:
            return False
        self._broken = len(self._queue) >= MAX_WAITING
        if self._broken:
            self._queue.clear()
            return False
        self._queue.append(frame)
        self._news.set()
        return True

    async def recv(self) -> av.Packet[Any]:
        """For aiortc: the next frame, when there is one."""
        while self.readyState == "live" and not self._queue:
            self._news.clear()
            await self._news.wait()
        if self.readyState != "live":
            raise MediaStreamError
        frame = self._queue.popleft()
        if self._line is None:
            self._line = Timeline(_CLOCK, frame.arrival)
        packet: av.Packet[Any] = av.Packet(frame.data)
        packet.pts = self._line.place(frame.ssrc, frame.timestamp, frame.arrival)
        packet.time_base = Fraction(1, _CLOCK)
        return packet

    def stop(self) -> None:
        super().stop()
        self._queue.clear()
        self._news.set()
