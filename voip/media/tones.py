"""Sine tones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voip.media import opus

LEVEL = 0.2
"""Of full scale, −14 dBov: clearly heard, and not a shock beside speech."""
_RAMP = 0.01
"""Seconds of fading in and out, so that the tone does not click."""


def tone(hertz: float, seconds: float) -> npt.NDArray[np.int16]:
    """Mono samples at 48 kHz. Raises ValueError for what cannot be heard or is not finite."""
    if not 20 <= hertz <= 20_000:
        raise ValueError(f"a tone of {hertz} Hz cannot be heard: 20 to 20000")
    time = np.arange(round(seconds * opus.SAMPLE_RATE)) / opus.SAMPLE_RATE
    fade = np.minimum(1.0, np.minimum(time, seconds - time) / _RAMP)
    wave: npt.NDArray[np.float64] = np.sin(2 * np.pi * hertz * time) * fade * LEVEL * 32767
    return wave.astype(np.int16)
