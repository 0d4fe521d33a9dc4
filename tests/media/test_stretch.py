from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from tests.media.audio import RATE, Samples, rms, speech
from voip.media.stretch import LEAST, MOST, faded, longer, shorter


def tone(hertz: float, seconds: float = 0.02, rate: int = RATE) -> Samples:
    wave = 8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    samples: Samples = wave.astype(np.int16)
    return samples


def roughness(samples: Samples) -> float:
    """The greatest step from one sample to the next."""
    return float(np.abs(np.diff(samples.astype(float))).max())


@pytest.mark.parametrize("rate", [8000, 16_000, 48_000])
@pytest.mark.parametrize("hertz", [110, 200, 440, 1000])
def test_a_tone_gets_shorter_and_longer_without_a_click(rate: int, hertz: int) -> None:
    original = tone(hertz, rate=rate)
    for made, sign in ((shorter(original, rate), -1), (longer(original, rate), 1)):
        change = sign * (len(made) - len(original)) / rate
        assert LEAST - 1 / rate <= change <= MOST
        assert roughness(made) < 1.3 * roughness(original)
        assert rms(made) == pytest.approx(rms(original), rel=0.2)


def test_both_ends_stay_so_that_what_is_around_fits() -> None:
    original = tone(310)
    for made in (shorter(original, RATE), longer(original, RATE)):
        assert abs(int(made[0]) - int(original[0])) < 200
        assert made[-1] == original[-1]


@pytest.mark.parametrize("change", [shorter, longer])
def test_speech_keeps_its_loudness(change: Callable[[Samples, int], Samples]) -> None:
    said = speech()[: 3 * RATE // 960 * 960]
    frames = said.reshape(-1, 960)
    made = np.concatenate([change(frame, RATE) for frame in frames])
    assert rms(made) == pytest.approx(rms(said), rel=0.1)
    assert roughness(made) < 2 * roughness(said)


@pytest.mark.parametrize(("length", "rate"), [(0, 48_000), (120, 48_000), (479, 48_000), (1, 8000)])
def test_what_is_too_short_stays(length: int, rate: int) -> None:
    original = np.arange(length).astype(np.int16)
    assert np.array_equal(shorter(original, rate), original)
    assert np.array_equal(longer(original, rate), original)


def test_any_length_and_any_sound_will_do() -> None:
    dice = np.random.default_rng(1)
    for length, rate in itertools.product((480, 481, 960, 1920, 5760), (8000, 16_000, 48_000)):
        noise = dice.integers(-32_768, 32_767, length).astype(np.int16)
        assert len(shorter(noise, rate)) <= length <= len(longer(noise, rate))


def test_a_fade_begins_as_one_and_ends_as_the_other() -> None:
    mixed = faded(np.full(100, 1000, np.int16), np.full(100, -1000, np.int16))
    assert mixed[0] > 950
    assert mixed[-1] < -950
    assert np.all(np.diff(mixed) <= 0)
