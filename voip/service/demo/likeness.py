"""How much two recordings of speech are alike: 1 is the same words, near 0 is other words.

The measure is the correlation of two log-mel spectrograms at the lag where it is highest. The
mean of each band over the sentence is taken away first: what is left is how the sound *changes*,
which is the words, and neither loudness nor the colour of a voice or a codec.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.floating] | npt.NDArray[np.integer]
Spectrogram = npt.NDArray[np.float64]

FRAME = 0.025
HOP = 0.010
BANDS = 40
LOWEST = 100.0
HIGHEST = 3800.0
"""In hertz: what a call in narrow band still carries."""
DYNAMIC_RANGE_DB = 40.0
"""Below the loudest band by more than this is silence, whatever it is made of."""


def likeness(said: Samples, said_rate: int, heard: Samples, heard_rate: int) -> float:
    """Whether ``heard`` holds what was ``said``, from 0 to 1; rates in hertz, samples mono.

    ``heard`` may begin and end anywhere: silence, hum, a sentence cut short. Takes some tens of
    milliseconds for a minute of sound.

    :raises ValueError: nothing audible was said.
    """
    reference = _trimmed(log_mel(said, said_rate))
    if not len(reference):
        raise ValueError("there is nothing to compare with: what was said is silent")
    count = len(reference)
    # Room on both sides, so that a recording that lacks an end of the sentence can be aligned.
    padded = np.pad(log_mel(heard, heard_rate), ((count, count), (0, 0)))
    windows = (padded[lag : lag + count] for lag in range(len(padded) - count + 1))
    return max(0.0, *(_correlation(reference, window) for window in windows))


def log_mel(samples: Samples, rate: int) -> Spectrogram:
    """Frames × bands, in decibels above the silence that lies under the loudest band."""
    size, hop = round(FRAME * rate), round(HOP * rate)
    sound = np.asarray(samples, dtype=np.float64)
    if sound.ndim != 1:
        raise ValueError(f"mono samples are needed, not an array of shape {sound.shape}")
    if len(sound) < size:
        return np.zeros((0, BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2
    energy = power @ _filterbank(rate, size).T
    loudest = float(energy.max())
    if loudest <= 0:
        return np.zeros_like(energy)
    decibels = 10 * np.log10(np.maximum(energy / loudest, 10 ** (-DYNAMIC_RANGE_DB / 10)))
    return np.asarray(decibels + DYNAMIC_RANGE_DB)


def _trimmed(spectrogram: Spectrogram) -> Spectrogram:
    """Without the silence before and after."""
    active = np.flatnonzero(spectrogram.max(axis=1, initial=0.0) > DYNAMIC_RANGE_DB / 5)
    return spectrogram[active[0] : active[-1] + 1] if len(active) else spectrogram[:0]


def _correlation(one: Spectrogram, other: Spectrogram) -> float:
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale else 0.0


def _filterbank(rate: int, size: int) -> Spectrogram:
    """Bands × bins: triangles that overlap by half, equally wide in mel."""
    edges = _hertz(np.linspace(_mel(LOWEST), _mel(HIGHEST), BANDS + 2))
    bins = np.fft.rfftfreq(size, 1 / rate)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 700 * (10 ** (mel / 2595) - 1)
