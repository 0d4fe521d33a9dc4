"""How loud a sound is, and how it is made louder without clipping; FFmpeg has the filters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import av.filter
import numpy as np
import numpy.typing as npt

from voip.media import opus

Samples = npt.NDArray[np.int16]

TARGET: Final = -21.0
"""LUFS: as loud as the speech engine, so that files and texts can follow each other."""
MIN_GAIN, MAX_GAIN = -40.0, 20.0
"""dB. What needs more than that is noise."""
CEILING: Final = 10 ** (-1 / 20)
"""Of full scale: 1 dB is left to what an encoder adds to the peaks (EBU R 128: −1 dBTP)."""
_SILENT: Final = -69.0
"""LUFS: the meter's end is −70 (ITU-R BS.1770's absolute gate)."""
_LEAST: Final = 3 * opus.SAMPLE_RATE
"""Samples that the meter is given: its blocks have 0.4 seconds."""
_LIMITER: Final = {
    "limit": f"{CEILING:.6f}",
    "level": "0",  # no gain of its own
    "latency": "1",  # the output begins where the input does
    "attack": "5",
    "release": "50",
}


def measure(samples: Samples) -> float | None:
    """Integrated loudness in LUFS (ITU-R BS.1770, as EBU R 128 has it) of mono samples at 48 kHz;
    None where there is nothing to hear."""
    if not samples.any():
        return None
    longer = np.tile(samples, math.ceil(_LEAST / len(samples)))
    loudness = _SILENT
    for frame in _filtered(longer, ("ebur128", {"metadata": "1"})):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
    return loudness if loudness > _SILENT else None


def levelled(samples: Samples, gain_db: float = 0.0) -> Samples:
    """At the common loudness, `TARGET`, and then `gain_db` louder."""
    loudness = measure(samples)
    if loudness is None:
        return samples
    return amplified(samples, min(max(TARGET - loudness + gain_db, MIN_GAIN), MAX_GAIN))


def amplified(samples: Samples, gain_db: float) -> Samples:
    """Mono samples at 48 kHz, louder by `gain_db`; a limiter keeps the peaks below `CEILING`.

    Raises ValueError for a gain that is not from `MIN_GAIN` to `MAX_GAIN`.
    """
    if not MIN_GAIN <= gain_db <= MAX_GAIN:
        raise ValueError(f"a gain must be from {MIN_GAIN:.0f} to {MAX_GAIN:.0f} dB")
    volume = {"volume": f"{gain_db:.3f}dB", "precision": "double"}
    frames = _filtered(samples, ("volume", volume), ("alimiter", _LIMITER))
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])[: len(samples)]


def _filtered(samples: Samples, *filters: tuple[str, dict[str, str]]) -> Iterator[av.AudioFrame]:
    graph = av.filter.Graph()
    second = opus.SAMPLE_RATE
    source = graph.add_abuffer(
        sample_rate=second, format="s16", layout="mono", time_base=Fraction(1, second)
    )
    back = graph.add("aformat", sample_fmts="s16", channel_layouts="mono")
    middle = [graph.add(name, **options) for name, options in filters]
    graph.link_nodes(source, *middle, back, graph.add("abuffersink")).configure()
    for begin in range(0, len(samples), second):
        part = samples[begin : begin + second].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.pts = second, begin
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Any) -> Iterator[av.AudioFrame]:
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
