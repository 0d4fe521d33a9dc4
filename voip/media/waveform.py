"""How loud a recording is over its length, for the picture that Matrix clients draw."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from voip.media.sound_errors import SoundError

POINTS = 100
LOUDEST = 1024
_RATE = 8000
_STEP = 160  # 20 ms: an hour is 180,000 of them, which is what is kept in memory
_FAINT = 0.003
"""RMS of full scale (−50 dBov): what is fainter all along is drawn as silence."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """What `org.matrix.msc1767.audio` says of a voice message."""

    seconds: float
    values: tuple[int, ...]
    """`POINTS` integers from 0 to 1024 (MSC3246); the loudest part of the recording is 1024."""


async def waveform(path: Path) -> Waveform:
    """Decode the sound of a file, in a thread. For after the call.

    Raises SoundError where the file has no sound that can be decoded.
    """
    return await asyncio.to_thread(waveform_now, path)


def waveform_now(path: Path) -> Waveform:
    """The same for a caller who is in a thread already."""
    try:
        loudness, samples = _measure(path)
    except (av.FFmpegError, OSError) as error:
        raise SoundError(f"{path.name} cannot be decoded") from error
    return Waveform(samples / _RATE, _points(loudness))


def _measure(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    """RMS of every step, 0 to 1, and how many samples there are."""
    loudness: list[npt.NDArray[np.float64]] = []
    rest = np.empty(0, np.int16)
    samples = 0
    with av.open(str(path), "r", metadata_errors="replace") as container:
        if not container.streams.audio:
            raise SoundError(f"{path.name} has no sound")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
        for frame in container.decode(container.streams.audio[0]):
            for part in resampler.resample(frame):
                rest = np.concatenate([rest, part.to_ndarray().ravel()])
                samples += part.samples
            whole = len(rest) - len(rest) % _STEP
            if whole:
                steps = rest[:whole].reshape(-1, _STEP).astype(np.float64) / 32768
                loudness.append(np.sqrt(np.mean(steps * steps, axis=1)))
                rest = rest[whole:]
    return np.concatenate(loudness) if loudness else np.zeros(1), samples


def _points(loudness: npt.NDArray[np.float64]) -> tuple[int, ...]:
    """The loudest step of each of `POINTS` parts of equal length, scaled to 0…1024."""
    edges = np.linspace(0, len(loudness), POINTS + 1)
    parts = [
        loudness[int(begin) : max(int(end), int(begin) + 1)].max()
        for begin, end in itertools.pairwise(edges)
    ]
    top = max(*parts, _FAINT)
    return tuple(round(float(part / top) * LOUDEST) for part in parts)
