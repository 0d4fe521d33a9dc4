"""Encodes a picture anew, at one size throughout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.container
import av.filter

from voip.media.export.errors import NoEncoder, UnreadableRecording
from voip.media.export.opening import open_recording, picture_of
from voip.media.export.reading import packets
from voip.media.webm import UnusableVideo, vp8_size

CLOCK: Final = Fraction(1, 90_000)
MOST_PIXELS: Final = 4096 * 2304
_ENCODERS: Final = {
    "h264": ("libx264", "libopenh264", "h264_videotoolbox"),
    "vp8": ("libvpx",),
}
_OPTIONS: Final = {
    "libx264": {"preset": "veryfast", "crf": "23"},
    "libvpx": {"deadline": "realtime", "cpu-used": "4", "crf": "10"},
}
_BIT_RATE: Final = 2_000_000


class Transcoder:
    def __init__(self, paths: Sequence[Path], codec: str) -> None:
        """Raises NoEncoder, and UnreadableRecording where a picture has no size, or too much."""
        self._encoder = _encoder(codec)
        sizes = [_largest(path) for path in paths]
        width, height = max(w for w, _ in sizes), max(h for _, h in sizes)
        # Chroma is sampled at every other pixel.
        self._size = width + width % 2, height + height % 2
        self._stream: Any = None

    def add_to(self, container: av.container.OutputContainer) -> Any:
        options = _OPTIONS.get(self._encoder, {})
        self._stream = container.add_stream(self._encoder, rate=30, options=options)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt, self._stream.bit_rate = "yuv420p", _BIT_RATE
        self._stream.codec_context.time_base = CLOCK
        return self._stream

    def packets(self, frames: Iterable[tuple[int, av.VideoFrame]]) -> Iterator[Any]:
        fit: _Fit | None = None
        for place, frame in frames:
            if fit is None or not fit.takes(frame):
                fit = _Fit(frame, self._size)
            fitted = fit.fitted(frame)
            fitted.pts, fitted.time_base = place, CLOCK
            yield from self._stream.encode(fitted)
        yield from self._stream.encode(None)


class _Fit:
    """Scales pictures of one size into the frame, with black where they do not fill it: a phone
    that was turned, a sender that grew as its network allowed."""

    def __init__(self, frame: av.VideoFrame, size: tuple[int, int]) -> None:
        self._size = frame.width, frame.height, frame.format.name
        width, height = size
        graph = av.filter.Graph()
        steps = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK
            ),
            graph.add(
                "scale",
                f"{width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2",
            ),
            graph.add("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("format", "yuv420p"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        self._graph = graph

    def takes(self, frame: av.VideoFrame) -> bool:
        return self._size == (frame.width, frame.height, frame.format.name)

    def fitted(self, frame: av.VideoFrame) -> Any:
        self._graph.push(frame)
        return self._graph.pull()


def _encoder(codec: str) -> str:
    for name in _ENCODERS[codec]:
        try:
            av.Codec(name, "w")
        except ValueError:
            continue
        return name
    raise NoEncoder(
        f"the picture has to be encoded as {codec}, and this FFmpeg cannot"
        f" ({', '.join(_ENCODERS[codec])}): take the format that has it as it was recorded"
    )


def _largest(path: Path) -> tuple[int, int]:
    """The container has the first size; VP8 says a new one in its keyframes (RFC 6386 §9.1)."""
    with open_recording(path) as container:
        stream = picture_of(container)
        width, height = (stream.width, stream.height) if stream else (0, 0)
        if stream is not None and stream.codec_context.name == "vp8":
            for packet in packets(container, stream):
                w, h = _size(bytes(packet))
                width, height = max(width, w), max(height, h)
    if not (width and height and width * height <= MOST_PIXELS):
        raise UnreadableRecording(f"a picture of {width} × {height} in {path.name}: damaged?")
    return width, height


def _size(frame: bytes) -> tuple[int, int]:
    try:
        width, height = vp8_size(frame)
    except UnusableVideo:
        return 0, 0
    return (width, height) if width * height <= MOST_PIXELS else (0, 0)
