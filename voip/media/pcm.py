"""The samples of a file, for who reads them rather than plays them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import numpy as np

from voip.media.libopus import Samples
from voip.media.sound_errors import SoundError


async def samples_of(path: Path, rate: int, max_seconds: float) -> Samples:
    """Mono, int16, at `rate` hertz, of the beginning of a file; decoded in a thread.

    Raises SoundError where there is no sound that can be decoded.
    """
    return await asyncio.to_thread(_decode, path, rate, max_seconds)


def _decode(path: Path, rate: int, max_seconds: float) -> Samples:
    parts: list[Samples] = []
    left = round(max_seconds * rate)
    try:
        with av.open(str(path), "r", metadata_errors="replace") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in container.decode(container.streams.audio[0]):
                for part in resampler.resample(frame):
                    parts.append(part.to_ndarray().ravel()[:left].astype(np.int16, copy=False))
                    left -= len(parts[-1])
                if left <= 0:
                    break
    except (OSError, ValueError, IndexError, av.FFmpegError) as error:
        raise SoundError(f"{path.name} has no sound that can be read") from error
    return np.concatenate(parts) if parts else np.empty(0, np.int16)
