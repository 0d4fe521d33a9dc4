"""The measure tells sentences apart, through a codec and noise, at whatever moment they come."""

from __future__ import annotations

import io
from functools import cache

import av
import numpy as np
import numpy.typing as npt
import pytest

from voip.media.speech import say
from voip.service.demo.likeness import HOP, likeness

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Please leave your message after the tone.",
    "One two three four five six seven eight nine ten.",
    "Nine eight seven six five four three two one zero.",
    "Seven little ships sailed slowly past the harbour wall.",
    "Hello, is anybody there?",
)
OPUS_RATE = 48_000


@cache
def spoken(text: str) -> tuple[npt.NDArray[np.int16], int]:
    return say(text)


@cache
def called(text: str) -> npt.NDArray[np.float64]:
    """The sentence as a call delivers it: a second late, through Opus, with some noise."""
    samples, rate = spoken(text)
    heard = through_opus(np.concatenate([np.zeros(rate, np.int16), samples]), rate)
    loudness = float(np.sqrt((heard**2).mean()))
    noise = np.random.default_rng(7).normal(0, loudness / 10, len(heard) + OPUS_RATE)
    noise[: len(heard)] += heard
    return noise


def through_opus(samples: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.float64]:
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE, layout="mono")
        stream.bit_rate = 24_000
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler("s16", "mono", OPUS_RATE, 960)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(part))
    file.seek(0)
    with av.open(file, "r") as recorded:
        decoded = [frame.to_ndarray()[0] for frame in recorded.decode(audio=0)]
    return np.concatenate(decoded).astype(np.float64)


@pytest.mark.parametrize("said", SENTENCES)
def test_the_right_sentence_is_known_and_every_other_is_not(said: str) -> None:
    scores = {text: likeness(*spoken(said), called(text), OPUS_RATE) for text in SENTENCES}
    right = scores.pop(said)
    assert right >= 0.9
    assert max(scores.values()) < 0.5


def test_loudness_does_not_count() -> None:
    samples, rate = spoken(SENTENCES[0])
    assert likeness(samples, rate, samples * 0.01, rate) == pytest.approx(1, abs=1e-6)


def test_half_a_sentence_is_neither_the_sentence_nor_another() -> None:
    samples, rate = spoken(SENTENCES[0])
    for half in (samples[: len(samples) // 2], samples[len(samples) // 2 :]):
        assert 0.4 < likeness(samples, rate, half, rate) < 0.8


def test_a_hole_of_a_tenth_of_the_sentence_costs_less_than_the_limit() -> None:
    samples, rate = spoken(SENTENCES[0])
    holed = samples.copy()
    holed[len(samples) // 2 : len(samples) // 2 + len(samples) // 10] = 0
    assert 0.8 < likeness(samples, rate, holed, rate) < 0.99


@pytest.mark.parametrize("seconds", [0, HOP / 2, 3])
def test_silence_is_like_nothing(seconds: float) -> None:
    silence = np.zeros(round(seconds * OPUS_RATE))
    assert likeness(*spoken(SENTENCES[0]), silence, OPUS_RATE) == 0


def test_a_steady_noise_or_tone_is_like_nothing() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 3 * OPUS_RATE)
    tone = np.sin(np.arange(3 * OPUS_RATE) * 2 * np.pi * 440 / OPUS_RATE)
    assert likeness(*spoken(SENTENCES[0]), noise, OPUS_RATE) < 0.3
    assert likeness(*spoken(SENTENCES[0]), tone, OPUS_RATE) < 0.3


def test_silence_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="silent"):
        likeness(np.zeros(OPUS_RATE), OPUS_RATE, called(SENTENCES[0]), OPUS_RATE)


def test_stereo_is_refused() -> None:
    with pytest.raises(ValueError, match="mono"):
        likeness(np.ones((2, OPUS_RATE)), OPUS_RATE, np.ones(OPUS_RATE), OPUS_RATE)
