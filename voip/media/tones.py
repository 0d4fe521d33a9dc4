"""Sine tones: alone, together, in a cadence, and as the keys of a telephone sound."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from voip.media import opus

Samples = npt.NDArray[np.int16]

LEVEL = 0.2
"""Of full scale, −14 dBov: clearly heard, and not a shock beside speech."""
MAX_FREQUENCIES = 4
MIN_PART = 0.02
"""Seconds of a sound or a pause; what is shorter is not heard as one."""
_RAMP = 0.005
"""Seconds of fading in and out, so that the tone does not click."""
_KEYS = "123A456B789C*0#D"
# ITU-T Q.23 §6: the frequencies of the rows and of the columns.
_ROWS = (697.0, 770.0, 852.0, 941.0)
_COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)


def tone(hertz: float | Sequence[float], seconds: float, cadence: Sequence[float] = ()) -> Samples:
    """Mono samples at 48 kHz; several frequencies sound as loud as one.

    Raises ValueError for what cannot be heard or is not finite.
    """
    frequencies = [hertz] if isinstance(hertz, (int, float)) else [*hertz]
    if not 1 <= len(frequencies) <= MAX_FREQUENCIES:
        raise ValueError(f"a tone has 1 to {MAX_FREQUENCIES} frequencies")
    for one in frequencies:
        if not 20 <= one <= 20_000:
            raise ValueError(f"a tone of {one} Hz cannot be heard: 20 to 20000")
    if not all(MIN_PART <= part < math.inf for part in cadence):
        raise ValueError(f"the parts of a cadence have at least {MIN_PART} seconds")
    samples = np.zeros(round(seconds * opus.SAMPLE_RATE), np.int16)
    for begin, end in _sounding(len(samples), cadence):
        _fill(samples, begin, end, frequencies)
    return samples


def keys(digits: str, seconds: float, gap: float) -> Samples:
    """The keys `0123456789*#ABCD`, one after the other. Mono samples at 48 kHz.

    Raises ValueError for anything else, and for times that are too short to be heard.
    """
    places = [_KEYS.find(digit) for digit in digits.upper()]
    if not places or min(places) < 0:
        raise ValueError(f"keys are {_KEYS}, not {digits!r}")
    if not (seconds >= MIN_PART and gap >= MIN_PART):
        raise ValueError(f"a key and the gap after it have at least {MIN_PART} seconds")
    rest = np.zeros(round(gap * opus.SAMPLE_RATE), np.int16)
    parts = [(tone((_ROWS[at // 4], _COLUMNS[at % 4]), seconds), rest) for at in places]
    return np.concatenate([part for both in parts for part in both])


def _sounding(count: int, cadence: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Where sound begins and ends, in samples; the odd parts of a cadence are pauses."""
    begin, at = 0, 0.0
    for number, part in enumerate(itertools.cycle(cadence or (math.inf,))):
        if begin >= count:
            return
        at += part * opus.SAMPLE_RATE
        end = round(min(at, count))
        if number % 2 == 0:
            yield begin, end
        begin = end


def _fill(samples: Samples, begin: int, end: int, frequencies: Sequence[float]) -> None:
    amplitude = LEVEL * 32767 / math.sqrt(len(frequencies))
    ramp = _RAMP * opus.SAMPLE_RATE
    for at in range(begin, end, opus.SAMPLE_RATE):  # by the second: a tone may have many
        places = np.arange(at, min(at + opus.SAMPLE_RATE, end))
        wave = sum(np.sin(2 * np.pi / opus.SAMPLE_RATE * one * places) for one in frequencies)
        fade = np.minimum(1.0, np.minimum(places - begin, end - places) / ramp)
        samples[places] = (wave * fade * amplitude).astype(np.int16)
