"""Writes a mix beside a picture: MP4 (H.264, AAC) or WebM (VP8, Opus).

A picture that was recorded in the codec of the format is taken as it is. Any other is decoded and
encoded, where FFmpeg has an encoder for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.container

from voip.media.export.errors import NothingToExport
from voip.media.export.opening import open_recording
from voip.media.export.order import Format
from voip.media.export.reading import MOST_SECONDS, packets, too_long
from voip.media.export.transcode import Transcoder

CODECS: Final = {Format.MP4: "h264", Format.WEBM: "vp8"}
_CLOCK: Final = Fraction(1, 90_000)


class Picture:
    """The picture of one recording, on its way into another container."""

    def __init__(self, path: Path, begin: float, to: Format) -> None:
        """`begin`: seconds from the beginning of the mix. To be closed.

        Raises UnreadableRecording, NothingToExport where there is no picture, NoEncoder.
        """
        self._path, self._begin = path, begin
        self._source = open_recording(path)
        if not self._source.streams.video:
            self._source.close()
            raise NothingToExport(f"{path.name} has no picture in it")
        self._stream = self._source.streams.video[0]
        self.encoded = self._stream.codec_context.name != CODECS[to]
        self._transcoder = Transcoder(path, self._stream, CODECS[to]) if self.encoded else None
        self._waiting: Any = None
        self._packets: Iterator[Any] = iter(())
        self._last = -1

    def close(self) -> None:
        self._source.close()

    def begin(self, container: av.container.OutputContainer) -> None:
        """Add the stream."""
        if self._transcoder is None:
            self._target: Any = container.add_stream_from_template(self._stream)
            self._target.time_base = _CLOCK
            self._packets = self._copied()
        else:
            self._target = self._transcoder.add_to(container)
            self._packets = self._transcoder.packets(self._frames())

    def mux_until(self, container: av.container.OutputContainer, second: float) -> None:
        """All of it up to there."""
        while packet := self._waiting or next(self._packets, None):
            self._waiting = None
            if packet.pts * packet.time_base > second:
                self._waiting = packet
                return
            packet.stream = self._target
            container.mux_one(packet)

    def _copied(self) -> Iterator[Any]:
        """From the first keyframe on: nothing before it can be decoded."""
        shown = False
        for packet in packets(self._source, self._stream):
            shown = shown or packet.is_keyframe
            if packet.size and shown and packet.pts is not None:
                packet.pts = packet.dts = self._place(packet)
                packet.time_base = _CLOCK
                yield packet

    def _frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decoded ones, each with its place in ticks."""
        for packet in packets(self._source, self._stream):
            try:
                decoded = self._stream.codec_context.decode(packet)
            except av.FFmpegError:
                continue
            for frame in decoded:
                if frame.pts is not None:
                    yield self._place(frame), frame

    def _place(self, of: Any) -> int:
        """In ticks of the clock; muxers refuse one twice."""
        second = float(of.pts * of.time_base)
        if second > MOST_SECONDS:
            raise too_long(self._path)
        self._last = max(round((second + self._begin) / _CLOCK), self._last + 1)
        return self._last
