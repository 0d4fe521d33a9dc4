"""What a dead worker had open is closed; what had ended before is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.media.audio import decode, rtp, sweep_packets
from voip.media.events import RecordingEnd
from voip.media.ogg import OggOpusWriter
from voip.media.workers.salvage import salvage


def half_written(path: Path) -> Path:
    """Two seconds of a file that nobody closes."""
    whole = path.with_suffix(".whole")
    writer = OggOpusWriter(whole)
    for packet in rtp(sweep_packets()[:100]):
        writer.add(packet)
    writer.flush(float("inf"))
    shutil.copyfile(whole, path)
    writer.close()
    whole.unlink()
    return path


async def test_the_open_recording_is_closed(tmp_path: Path) -> None:
    path = half_written(tmp_path / "audio.ogg")
    recording = await salvage(tmp_path, ())
    assert (recording.path, recording.ended) == (path, RecordingEnd.REPAIRED)
    assert recording.seconds == pytest.approx(len(decode(path)) / 48_000, abs=0.001)
    assert recording.seconds > 1


async def test_one_that_had_ended_before_is_not_said_again(tmp_path: Path) -> None:
    first = half_written(tmp_path / "audio.ogg")
    before = first.read_bytes()
    second = half_written(tmp_path / "audio-2.ogg")
    recording = await salvage(tmp_path, {first})
    assert recording.path == second
    assert first.read_bytes() == before


async def test_where_nothing_was_written_it_is_a_recording_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "call.json").write_text("{}")
    recording = await salvage(tmp_path, ())
    assert recording.path.is_file()
    assert (recording.seconds, recording.size) == (0.0, recording.path.stat().st_size)


async def test_a_folder_that_is_gone_is_an_end_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording = await salvage(tmp_path / "gone", ())
    assert recording.ended is RecordingEnd.WRITE_FAILED
    assert str(tmp_path) not in caplog.text
