"""Writes a mix as sound alone: Ogg Opus, MP3, WAV, M4A."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple, cast

import av
import av.container

from voip.media.export.errors import NoEncoder, TargetFailed
from voip.media.export.order import Format
from voip.media.export.reading import RATE, Samples

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


class Codec(NamedTuple):
    container: str
    """FFmpeg's name of the format."""
    encoder: str
    bit_rate: int | None


CODECS: Final = {
    # Of one voice or two: more would not be heard. RFC 7587 §3.1.1 has 28 to 40 kbit/s for speech.
    Format.OGG: Codec("ogg", "libopus", 48_000),
    Format.WEBM: Codec("webm", "libopus", 48_000),
    Format.MP3: Codec("mp3", "libmp3lame", 96_000),
    Format.M4A: Codec("ipod", "aac", 96_000),
    Format.MP4: Codec("mp4", "aac", 96_000),
    Format.WAV: Codec("wav", "pcm_s16le", None),
}
_OPTIONS: Final = {
    "ipod": {"movflags": "+faststart"},  # the index first: it plays while it is fetched
    "mp4": {"movflags": "+faststart"},
    "wav": {"rf64": "auto"},  # beyond 4 GiB, which are twelve hours
}


class SoundStream:
    """The sound of a container that is being written."""

    def __init__(self, container: av.container.OutputContainer, codec: Codec) -> None:
        """Raises NoEncoder."""
        try:
            stream = cast(
                av.AudioStream, container.add_stream(codec.encoder, rate=RATE, layout="mono")
            )
        except ValueError as error:
            raise NoEncoder(f"this FFmpeg has no {codec.encoder} encoder") from error
        if codec.bit_rate is not None:
            stream.bit_rate = codec.bit_rate
        self._container = container
        self._stream = stream
        self.samples = 0

    def write(self, samples: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self.samples
        self._container.mux(self._stream.encode(frame))
        self.samples += len(samples)

    def end(self) -> None:
        self._container.mux(self._stream.encode(None))


@contextlib.contextmanager
def output(target: Path, codec: Codec) -> Iterator[av.container.OutputContainer]:
    """A container that is closed at the end. What writing fails with becomes TargetFailed."""
    options = _OPTIONS.get(codec.container, {})
    try:
        with av.open(str(target), "w", format=codec.container, container_options=options) as opened:
            yield opened
    except (av.FFmpegError, OSError) as error:
        raise writing_failed(target, error) from error


def writing_failed(target: Path, error: av.FFmpegError | OSError) -> TargetFailed:
    folder = target.parent
    if error.errno in _FULL:
        return TargetFailed(f"there is no space left in {folder}: nothing was kept")
    return TargetFailed(f"a file in {folder} cannot be written: {error.strerror or error}")
