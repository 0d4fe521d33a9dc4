from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import Samples, encode, in_order, picture, rtp, sweep, sweep_packets
from tests.media.test_ogg import write as write_ogg
from tests.media.test_webm import write as write_video
from voip.media.sound_errors import SoundError
from voip.media.waveform import waveform


def save(path: Path, samples: Samples) -> Path:
    write_ogg(path, list(rtp(encode(samples))))
    return path


async def test_it_follows_the_loudness(tmp_path: Path) -> None:
    loud = sweep(2)
    sound = np.concatenate([loud, (loud / 4).astype(np.int16), np.zeros(96_000, np.int16), loud])
    result = await waveform(save(tmp_path / "a.ogg", sound))
    assert result.seconds == pytest.approx(8, abs=0.02)
    assert len(result.values) == 100
    assert all(isinstance(value, int) and 0 <= value <= 1024 for value in result.values)
    assert max(result.values) == 1024
    assert np.mean(result.values[3:23]) == pytest.approx(1000, abs=60)
    assert np.mean(result.values[28:48]) == pytest.approx(250, abs=40)
    assert max(result.values[54:73]) < 20
    assert np.mean(result.values[78:98]) == pytest.approx(1000, abs=60)


async def test_a_quiet_recording_is_seen_and_silence_is_flat(tmp_path: Path) -> None:
    quiet = await waveform(save(tmp_path / "a.ogg", (sweep(1) / 16).astype(np.int16)))
    assert max(quiet.values) == 1024
    silent = await waveform(save(tmp_path / "b.ogg", np.zeros(48_000, np.int16)))
    assert max(silent.values) < 20


async def test_a_recording_shorter_than_its_points(tmp_path: Path) -> None:
    result = await waveform(save(tmp_path / "a.ogg", sweep(0.1)))
    assert len(result.values) == 100
    assert result.seconds == pytest.approx(0.1, abs=0.02)


async def test_nothing_heard(tmp_path: Path) -> None:
    write_ogg(tmp_path / "a.ogg", [])
    result = await waveform(tmp_path / "a.ogg")
    assert set(result.values) == {0}


async def test_the_sound_of_a_video(tmp_path: Path) -> None:
    packets = list(rtp(sweep_packets()[:100]))
    written = write_video(tmp_path, in_order(packets, picture("VP8")))
    result = await waveform(written.path)
    assert result.seconds == pytest.approx(2.0, abs=0.05)
    assert max(result.values) == 1024


async def test_what_has_no_sound_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(b"junk" * 100)
    with pytest.raises(SoundError, match="cannot be decoded"):
        await waveform(path)
    only_picture = write_video(tmp_path, list(picture("VP8")))
    result = await waveform(only_picture.path)
    assert result.seconds == 0
