"""The sound of a recording, decoded piece by piece, each with its place on the file's time line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, cast

import av
import av.container
import numpy as np
import numpy.typing as npt

from voip.media.export.errors import UnreadableRecording
from voip.media.export.opening import open_recording, sound_of

Samples: TypeAlias = npt.NDArray[np.float32]
RATE: Final = 48_000
MOST_SECONDS: Final = 24 * 3600
"""A time stamp beyond it is damage: no call is recorded for longer into one file."""
_TOLERANCE: Final = RATE // 100
"""10 ms. Matroska counts whole milliseconds, so pieces do not quite meet; a lost packet has 20."""


class Piece(NamedTuple):
    position: int
    """Samples from the beginning of the file."""
    samples: Samples
    """Mono, 48 kHz, −1 to 1 but for what a decoder makes of damage."""


def pieces(path: Path) -> Iterator[Piece]:
    """In order, without overlap; what is missing between two was silence or was lost.

    Packets that cannot be decoded are passed over, and a file that was cut off ends there; one
    without sound has none. Raises UnreadableRecording where there is sound and nothing of it can
    be decoded, or where it says that it lasts for days.
    """
    with open_recording(path) as container:
        stream = sound_of(container)
        if stream is None:
            return
        position, heard = 0, False
        damaged = _Damaged()
        scale = float((stream.time_base or 0) * RATE)
        mono: _Mono | None = None
        for frame in _frames(container, stream, damaged):
            place = _place(frame, scale, position)
            if place is None:
                continue  # goes back in time: damage
            if place > MOST_SECONDS * RATE:
                raise too_long(path)
            if mono is None or not mono.takes(frame):
                mono = _Mono(frame)
            samples = mono.samples(frame)
            if len(samples):
                position, heard = place + len(samples), True
                yield Piece(place, samples)
        if damaged.packets and not heard:
            raise UnreadableRecording(f"no sound in {path.name} can be decoded")


class _Damaged:
    packets = 0


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream, damaged: _Damaged
) -> Iterator[av.AudioFrame]:
    for packet in packets(container, stream):
        try:
            yield from stream.codec_context.decode(packet)
        except av.FFmpegError:
            damaged.packets += 1


def packets(
    container: av.container.InputContainer, stream: av.AudioStream | av.VideoStream
) -> Iterator[Any]:
    """Up to the end, or up to where the file is cut off; the last, empty one drains a decoder."""
    with contextlib.suppress(av.FFmpegError):
        yield from container.demux(stream)


def too_long(path: Path) -> UnreadableRecording:
    return UnreadableRecording(
        f"{path.name} has a time stamp of more than {MOST_SECONDS // 3600} hours: it is damaged"
    )


def _place(frame: av.AudioFrame, scale: float, expected: int) -> int | None:
    """None where it goes back in time."""
    if frame.pts is None:
        return expected
    place = round(frame.pts * scale)
    if abs(place - expected) <= _TOLERANCE:
        return expected
    return place if place > expected else None


class _Mono:
    """Joins the channels and resamples to 48 kHz. Opus decodes to that rate: nothing is left to do
    but for stereo, and asking FFmpeg's resampler all the same would cost more than decoding."""

    def __init__(self, frame: av.AudioFrame) -> None:
        self._kind = _kind(frame)
        self._plain = frame.format.name == "fltp" and frame.sample_rate == RATE
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)

    def takes(self, frame: av.AudioFrame) -> bool:
        return _kind(frame) == self._kind

    def samples(self, frame: av.AudioFrame) -> Samples:
        if self._plain:
            channels = cast(Samples, frame.to_ndarray())  # fltp is float32, a row a channel
            joined: Samples = channels[0] if len(channels) == 1 else channels.mean(axis=0)
            return joined
        frame.pts = None  # its place is ours to say
        parts = [part.to_ndarray().ravel() for part in self._resampler.resample(frame)]
        return np.concatenate([np.empty(0, np.float32), *parts])


def _kind(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate
