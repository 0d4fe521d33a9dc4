from __future__ import annotations

import asyncio
import os
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import decode, pitch, rms, rtp, sweep
from tests.media.test_ogg import write
from voip.media import opus
from voip.media.clips import Clip, encode
from voip.media.libopus import Decoder
from voip.media.prompts import PromptCache
from voip.media.sound_errors import SoundError
from voip.media.sounds import Silence, Sound, SoundFile, Speech, Tone


def heard(clip: Clip, path: Path) -> np.ndarray:
    write(path, list(rtp(clip)))
    return decode(path)


def save_wav(path: Path, samples: np.ndarray, rate: int = 48_000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


class Encoder:
    """Counts, and holds the thread until it is let go."""

    def __init__(self) -> None:
        self.calls: list[Sound] = []
        self.began = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, sound: Sound, gain_db: float, endless: bool) -> Clip:
        self.calls.append(sound)
        self.began.set()
        assert self.go.wait(10)
        return (b"x" * 100,) * 10


async def test_a_tone_is_20_ms_packets_that_sound_like_it(tmp_path: Path) -> None:
    clip = await PromptCache().prepare(Tone(800, 0.5))
    assert {opus.samples(packet) for packet in clip} == {960}
    assert 25 <= len(clip) <= 27
    samples = heard(clip, tmp_path / "a.ogg")
    assert pitch(samples, 0.2) == pytest.approx(800, abs=10)


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
async def test_a_file_is_heard_to_its_end_at_any_rate(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    save_wav(path, sweep(2)[:: 48_000 // rate] if rate != 44_100 else sweep(2), rate)
    seconds = 2 * 48_000 / 44_100 if rate == 44_100 else 2.0
    clip = await PromptCache().prepare(SoundFile(path))
    assert len(clip) * 0.02 == pytest.approx(seconds, abs=0.05)
    samples = heard(clip, tmp_path / "a.ogg")
    end = seconds - 0.15
    assert pitch(samples, end) == pytest.approx(
        (300 + 200 * (end + 0.05) * 2 / seconds) * 2 / seconds, rel=0.03
    )


async def test_speech_is_heard(tmp_path: Path) -> None:
    clip = await PromptCache().prepare(Speech("Please speak after the tone."))
    assert 1 < len(clip) * 0.02 < 4
    assert rms(heard(clip, tmp_path / "a.ogg")) > 500


def test_a_pause_in_a_sound_is_left_out_and_what_follows_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    pause = np.zeros(48_000, np.int16)
    save_wav(path, np.concatenate([sweep(1), pause, sweep(1)]))
    clip = encode(SoundFile(path))
    # From 6.5 ms after 1 s on, and ten packets are sent of it.
    assert [at for at, packet in enumerate(clip) if packet == opus.DTX] == [*range(60, 100)]
    decoder = Decoder()
    heard = np.concatenate(
        [decoder.conceal(960) if packet == opus.DTX else decoder.decode(packet) for packet in clip]
    )
    assert rms(heard[round(1.1 * 48_000) : 2 * 48_000]) < 20
    assert pitch(heard, 0.5) == pytest.approx(pitch(heard, 2.5), abs=10)
    quiet = round(2.01 * 48_000)
    assert rms(heard[quiet : quiet + 2400]) > 1000


def test_an_endless_sound_has_no_seam(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    save_wav(path, sweep(1.015, start=500.0, slope=0.0))  # 500 times in a second
    clip = encode(SoundFile(path), endless=True)
    assert len(clip) == 50
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(packet) for packet in clip * 3])[4800:]
    loud = [rms(heard[at : at + 480]) for at in range(0, len(heard) - 480, 480)]
    assert min(loud) > 0.9 * max(loud)
    jumps = np.abs(np.diff(heard.astype(int)))
    assert jumps.max() < 1.2 * np.percentile(jumps, 95)
    assert len(encode(Tone(seconds=0.01), endless=True)) == 2  # too short to go on


async def test_silence_is_silent(tmp_path: Path) -> None:
    clip = await PromptCache().prepare(Silence(0.5))
    assert len(clip) == 25
    assert rms(heard(clip, tmp_path / "a.ogg")) == 0


async def test_many_callers_cause_one_encoding() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder=encoder)
    encoder.go.clear()
    callers = [asyncio.create_task(cache.prepare(Tone())) for _ in range(20)]
    assert await asyncio.to_thread(encoder.began.wait, 10)
    callers[0].cancel()  # the one that began it leaves: the others get it all the same
    encoder.go.set()
    clips = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(clips[0], asyncio.CancelledError)
    assert len({id(clip) for clip in clips[1:]}) == 1
    assert await cache.prepare(Tone()) is clips[1]
    assert len(encoder.calls) == 1
    await cache.close()


async def test_another_gain_is_another_clip() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder=encoder)
    for gain_db in (0.0, 6.0, 0.0, -6.0, 6.0):
        await cache.prepare(Tone(), gain_db)
    assert len(encoder.calls) == 3
    for endless in (True, False, True):
        await cache.prepare(Tone(), endless=endless)
    assert len(encoder.calls) == 4


async def test_the_least_recently_used_is_forgotten() -> None:
    encoder = Encoder()
    cache = PromptCache(max_bytes=2500, encoder=encoder)
    first, second, third = Tone(500), Tone(600), Tone(700)
    for sound in (first, second, first, third, first):
        await cache.prepare(sound)
    assert encoder.calls == [first, second, third]
    await cache.prepare(second)
    assert encoder.calls == [first, second, third, second]


async def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"1")
    os.utime(path, ns=(1, 1))
    encoder = Encoder()
    cache = PromptCache(encoder=encoder)
    await cache.prepare(SoundFile(path))
    await cache.prepare(SoundFile(path))
    assert len(encoder.calls) == 1
    os.utime(path, ns=(2, 2))
    await cache.prepare(SoundFile(path))
    assert len(encoder.calls) == 2


async def test_a_failure_is_told_to_everyone_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    cache = PromptCache()
    results = await asyncio.gather(
        *(cache.prepare(SoundFile(path)) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [SoundError] * 3
    assert "does not exist" in str(results[0])
    save_wav(path, sweep(0.2))
    assert len(await cache.prepare(SoundFile(path))) >= 10


@pytest.mark.parametrize(
    "sound",
    [Tone(5, 1), Tone(440, 0), Tone(440, 1e9), Silence(-1), Silence(float("nan")), Speech(" ")],
)
def test_a_sound_that_makes_no_sense_is_refused(sound: Sound) -> None:
    with pytest.raises(SoundError):
        encode(sound)


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("this is a text")
    with pytest.raises(SoundError, match="not a sound that can be read"):
        encode(SoundFile(path))
