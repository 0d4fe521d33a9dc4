"""Makes a few milliseconds of sound a little shorter or longer, without a click.

Speech repeats itself many times a second. One repetition is taken out, or put in once more, where
the two look most alike, faded into each other (WSOLA: waveform similarity overlap-add).
"""

from __future__ import annotations

import numpy as np

from voip.media.libopus import Samples

LEAST, MOST = 0.005, 0.01
"""Seconds that are taken out or put in. A pitch period of any voice, or some of them, fits."""
_COARSE = 16_000
"""Hertz at which likeness is judged."""


def shorter(samples: Samples, rate: int) -> Samples:
    """Mono; as it is where it is shorter than twice `LEAST` seconds."""
    period = _period(samples, rate)
    if not period:
        return samples
    blend = faded(samples[:period], samples[period : 2 * period])
    return np.concatenate([blend, samples[2 * period :]])


def longer(samples: Samples, rate: int) -> Samples:
    """Mono; as it is where it is shorter than twice `LEAST` seconds."""
    period = _period(samples, rate)
    if not period:
        return samples
    blend = faded(samples[period : 2 * period], samples[:period])
    return np.concatenate([samples[:period], blend, samples[period:]])


def faded(out: Samples, into: Samples) -> Samples:
    """From one into the other, of the same length."""
    weight = np.arange(1, len(out) + 1) / (len(out) + 1)
    mixed: Samples = (out * (1 - weight) + into * weight).astype(np.int16)
    return mixed


def _period(samples: Samples, rate: int) -> int:
    """After how many samples the beginning comes again, as nearly as it does."""
    least, most = int(LEAST * rate), min(int(MOST * rate), len(samples) // 2)
    if most < least:
        return 0
    every = max(1, rate // _COARSE)
    coarse = samples[: most + least : every].astype(np.float32)
    pattern = coarse[: least // every]
    shifted = np.lib.stride_tricks.sliding_window_view(coarse[least // every :], len(pattern))
    difference = np.square(shifted - pattern).sum(axis=1)
    return min(least + int(np.argmin(difference)) * every, most)
