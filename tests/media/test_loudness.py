"""Measured on what comes out of the encoder, as the other side hears it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import RATE, Samples, rms, speech, sweep
from voip.media import loudness, opus
from voip.media.clips import Clip, encode
from voip.media.libopus import Decoder
from voip.media.loudness import TARGET, amplified, levelled, measure
from voip.media.sound_errors import SoundError
from voip.media.sounds import Silence, SoundFile, Speech, Tone


def heard(clip: Clip) -> Samples:
    decoder = Decoder()
    return np.concatenate([decoder.decode(packet) for packet in clip])


def saved(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def scaled(samples: Samples, factor: float) -> Samples:
    changed: Samples = np.clip(samples * factor, -32768, 32767).astype(np.int16)
    return changed


def loud(samples: Samples) -> float:
    found = measure(samples)
    assert found is not None
    return found


def test_the_meter_reads_a_full_sine_as_the_standard_has_it() -> None:
    """ITU-R BS.1770-4 annex 1: a sine of 997 Hz at 0 dBFS in one channel reads −3.01."""
    t = np.arange(5 * RATE) / RATE
    full = (32767 * np.sin(2 * np.pi * 997 * t)).astype(np.int16)
    assert loud(full) == pytest.approx(-3.01, abs=0.05)
    assert loud(scaled(full, 0.1)) == pytest.approx(-23.01, abs=0.05)


def test_nothing_to_hear_has_no_loudness_and_stays_as_it_is() -> None:
    for quiet in (np.zeros(RATE, np.int16), np.ones(RATE, np.int16)):
        assert measure(quiet) is None
        assert np.array_equal(levelled(quiet), quiet)


@pytest.mark.parametrize("factor", [0.15, 1.0, 4.0])
def test_files_of_any_loudness_are_heard_at_one(tmp_path: Path, factor: float) -> None:
    path = saved(tmp_path / "a.wav", scaled(speech(), factor))
    clip = encode(SoundFile(path))
    assert loud(heard(clip)) == pytest.approx(TARGET, abs=1.0)


def test_the_speech_engine_is_as_loud_as_a_file() -> None:
    assert loud(heard(encode(Speech("Please say your name, and where you are.")))) == (
        pytest.approx(TARGET, abs=2.5)
    )


def test_a_short_file_is_levelled_too(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.wav", scaled(sweep(0.1), 0.1))
    clip = encode(SoundFile(path))
    assert loud(heard(clip)[: round(0.1 * RATE)]) == pytest.approx(TARGET, abs=1.5)


def test_a_file_stays_as_loud_as_it_is_on_request(tmp_path: Path) -> None:
    soft = scaled(sweep(2), 0.1)
    clip = encode(SoundFile(saved(tmp_path / "a.wav", soft), level=False))
    assert loud(heard(clip)) == pytest.approx(loud(soft), abs=0.5)


def test_noise_is_not_made_loud_without_bound() -> None:
    soft = scaled(sweep(2), 0.006)
    out = levelled(soft)
    assert rms(out) == pytest.approx(rms(soft) * 10, rel=0.02)


@pytest.mark.parametrize("gain_db", [-12.0, -3.0, 6.0])
def test_a_gain_is_heard(gain_db: float) -> None:
    plain, changed = (rms(heard(encode(Tone(500, 1.0), gain))) for gain in (0.0, gain_db))
    assert 20 * np.log10(changed / plain) == pytest.approx(gain_db, abs=0.3)


def test_a_gain_comes_on_top_of_a_file_s_level(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.wav", scaled(speech(), 0.3))
    assert loud(heard(encode(SoundFile(path), -10))) == pytest.approx(TARGET - 10, abs=1.0)


def test_what_is_not_limited_is_only_multiplied() -> None:
    samples = sweep(1)
    assert np.abs(amplified(samples, 6.0) - samples * 10 ** (6 / 20)).max() <= 1


@pytest.mark.parametrize("gain_db", [15.0, 20.0])
def test_a_limiter_keeps_peaks_below_full_scale(gain_db: float) -> None:
    """Clipping has flat tops and harmonics; here the sine stays one."""
    samples = sweep(2, start=400.0, slope=0.0)
    out = amplified(samples, gain_db)
    assert len(out) == len(samples)
    assert np.abs(out.astype(int)).max() <= round(32767 * loudness.CEILING) + 1
    spectrum = np.abs(np.fft.rfft(out[RATE // 2 : RATE // 2 + RATE].astype(float)))
    harmonics = spectrum[[800, 1200, 1600, 2000]].max()
    assert harmonics < spectrum[400] / 100
    clipped = np.abs(np.fft.rfft(scaled(samples, 10 ** (gain_db / 20))[:RATE].astype(float)))
    assert clipped[1200] > clipped[400] / 100
    assert np.abs(heard(encode(Tone(400, 1.0), gain_db)).astype(int)).max() < 32767


@pytest.mark.parametrize("gain_db", [-41.0, 20.5, float("nan"), float("inf")])
def test_a_gain_out_of_bounds_is_refused(gain_db: float) -> None:
    with pytest.raises(SoundError, match="gain"):
        encode(Tone(), gain_db)


def test_silence_has_no_gain() -> None:
    assert set(encode(Silence(0.2), 20.0)) == {opus.SILENCE}
