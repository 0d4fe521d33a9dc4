"""What tones are made of: frequencies found in the samples, cadences by where they are loud."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.media.audio import FRAME, RATE, Samples, rms
from voip.media import progress, tones
from voip.media.clips import encode
from voip.media.libopus import Decoder
from voip.media.progress import Progress
from voip.media.sound_errors import SoundError
from voip.media.sounds import KeyTones, Sound, Tone


def frequencies(samples: Samples) -> set[int]:
    """Those at least half as strong as the strongest, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples))))
    tops = [
        at
        for at in range(1, len(spectrum) - 1)
        if spectrum[at] > max(spectrum[at - 1], spectrum[at + 1], spectrum.max() / 2)
    ]
    return {round(at * RATE / len(samples)) for at in tops}


def cadence(samples: Samples) -> list[tuple[bool, float]]:
    """Whether it sounds, and for how many seconds, part by part."""
    step = RATE // 200
    loud = [rms(samples[at : at + step]) > 200 for at in range(0, len(samples), step)]
    return [(on, len(list(part)) * 0.005) for on, part in itertools.groupby(loud)]


@pytest.mark.parametrize("hertz", [(440.0,), (350.0, 440.0), (941.0, 1336.0)])
def test_frequencies_sound_together_as_loud_as_one(hertz: tuple[float, ...]) -> None:
    samples = tones.tone(hertz, 1.0)
    assert frequencies(samples) == {round(one) for one in hertz}
    assert rms(samples) == pytest.approx(rms(tones.tone(1000, 1.0)), rel=0.02)
    assert np.abs(samples).max() <= 32767 * tones.LEVEL * len(hertz) ** 0.5 + 1


def test_a_cadence_goes_on_to_the_end_and_is_silent_in_between() -> None:
    samples = tones.tone((400, 450), 4.0, (0.4, 0.2, 0.4, 2.0))
    assert len(samples) == 4 * RATE
    parts = cadence(samples)
    assert [on for on, _ in parts] == [True, False, True, False, True, False, True]
    assert [length for _, length in parts] == pytest.approx(
        [0.4, 0.2, 0.4, 2, 0.4, 0.2, 0.4], abs=0.011
    )
    assert not samples[round(1.01 * RATE) : round(2.99 * RATE)].any()


def test_it_never_jumps() -> None:
    samples = tones.tone(425, 1.5, (0.24, 0.24)).astype(int)
    steepest = 2 * np.pi * 425 / RATE * tones.LEVEL * 32767
    assert np.abs(np.diff(samples)).max() <= steepest * 1.1 + 1


@pytest.mark.parametrize("country", progress.COUNTRIES)
@pytest.mark.parametrize("says", Progress)
def test_a_network_tone_survives_the_encoder(country: str, says: Progress) -> None:
    tone = progress.tone(says, country, seconds=6.0)
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(packet) for packet in encode(tone)])
    first = heard[FRAME : FRAME + round((tone.cadence or (1.0,))[0] * RATE) - FRAME]
    hertz = tone.hertz if isinstance(tone.hertz, tuple) else (tone.hertz,)
    found = frequencies(first)
    assert len(found) == len(hertz)
    assert sorted(found) == pytest.approx(sorted(hertz), abs=6)


def test_one_cadence_is_what_a_network_tone_has_without_a_length() -> None:
    assert progress.tone(Progress.RINGBACK, "gb").seconds == pytest.approx(3.0)
    assert progress.tone(Progress.DIAL, "gb").seconds == 1.0
    with pytest.raises(ValueError, match="'xx' are not known: de, fr, gb, us"):
        progress.tone(Progress.BUSY, "xx")


def test_keys_sound_as_their_row_and_column() -> None:
    samples = tones.keys("15#d", 0.1, 0.05)
    length = round(0.15 * RATE)
    heard = [samples[at : at + round(0.1 * RATE)] for at in range(0, len(samples), length)]
    expected = [{697, 1209}, {770, 1336}, {941, 1477}, {941, 1633}]
    for key, (low, high) in zip(heard, map(sorted, expected), strict=True):
        assert sorted(frequencies(key)) == pytest.approx([low, high], abs=10)
    assert len(cadence(samples)) == 8


@pytest.mark.parametrize(
    "sound",
    [
        Tone((), 1),
        Tone((440, 450, 460, 470, 480), 1),
        Tone((440, 5), 1),
        Tone(float("nan"), 1),
        Tone(440, 1, (0.4, 0.0)),
        Tone(440, 1, (float("inf"),)),
        Tone(440, 1, (float("nan"), 1)),
        KeyTones("", 0.1),
        KeyTones("12x"),
        KeyTones("1" * 10_000),
        KeyTones("1", 0.001),
        KeyTones("1", 0.1, float("nan")),
    ],
)
def test_a_tone_that_makes_no_sense_is_refused(sound: Sound) -> None:
    with pytest.raises(SoundError):
        encode(sound)
