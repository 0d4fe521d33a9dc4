"""Writes a mix beside a picture: MP4 (H.264, AAC) or WebM (VP8, Opus).

A picture that was recorded in the codec of the format is taken as it is. Any other is decoded and
encoded, where FFmpeg has an encoder for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.container

from voip.media.export.errors import NothingToExport
from voip.media.export.opening import open_recording, picture_of
from voip.media.export.order import Format
from voip.media.export.reading import MOST_SECONDS, packets, too_long
from voip.media.export.transcode import Transcoder

CODECS: Final = {Format.MP4: "h264", Format.WEBM: "vp8"}
_CLOCK: Final = Fraction(1, 90_000)


class Picture:
    """The picture of a call, on its way into another container: that of one recording, or of
    several that follow each other."""

    def __init__(self, sources: Sequence[tuple[Path, float]], to: Format) -> None:
        """Each with the seconds from the beginning of the mix to its own. To be closed.

        Raises UnreadableRecording, NothingToExport where there is no picture, NoEncoder.
        """
        codecs = [_codec(path) for path, _ in sources]
        self._sources = [each for each, codec in zip(sources, codecs, strict=True) if codec]
        if not self._sources:
            names = ", ".join(path.name for path, _ in sources)
            raise NothingToExport(f"there is no picture in {names}")
        self.encoded = bool(set(codecs) - {CODECS[to], None})
        self._transcoder: Transcoder | None = None
        if self.encoded:
            self._transcoder = Transcoder([path for path, _ in self._sources], CODECS[to])
        self._first = open_recording(self._sources[0][0])
        self._waiting: Any = None
        self._packets: Iterator[Any] = iter(())
        self._last = -1

    def close(self) -> None:
        self._first.close()

    def begin(self, container: av.container.OutputContainer) -> None:
        """Add the stream."""
        if self._transcoder is None:
            self._target: Any = container.add_stream_from_template(_picture(self._first))
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
        """Of each from the first keyframe on: nothing before it can be decoded."""
        for path, begin in self._sources:
            with open_recording(path) as source:
                shown = False
                for packet in packets(source, _picture(source)):
                    shown = shown or packet.is_keyframe
                    if packet.size and shown and packet.pts is not None:
                        packet.pts = packet.dts = self._place(packet, path, begin)
                        packet.time_base = _CLOCK
                        yield packet

    def _frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decoded ones, each with its place in ticks."""
        for path, begin in self._sources:
            with open_recording(path) as source:
                stream = _picture(source)
                for packet in packets(source, stream):
                    for frame in _decoded(stream, packet):
                        if frame.pts is not None:
                            yield self._place(frame, path, begin), frame

    def _place(self, of: Any, path: Path, begin: float) -> int:
        """In ticks of the clock; muxers refuse one twice."""
        second = float(of.pts * of.time_base)
        if second > MOST_SECONDS:
            raise too_long(path)
        self._last = max(round((second + begin) / _CLOCK), self._last + 1)
        return self._last


def _decoded(stream: av.VideoStream, packet: Any) -> list[av.VideoFrame]:
    """None of what is damaged."""
    try:
        return stream.codec_context.decode(packet)
    except av.FFmpegError:
        return []


def _codec(path: Path) -> str | None:
    """None where there is no picture. Raises UnreadableRecording."""
    with open_recording(path) as container:
        found = picture_of(container)
        return None if found is None else found.codec_context.name


def _picture(container: av.container.InputContainer) -> av.VideoStream:
    """Of one that is known to have one."""
    found = picture_of(container)
    assert found is not None  # noqa: S101  # `_codec` has seen it
    return found
