"""What a dead worker had open is closed; what had ended before is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.media.audio import decode, rtp, sweep_packets
from voip.media.events import Mark, MarkKind, MediaDirection, Recording, RecordingEnd
from voip.media.sound_track import SoundTrack
from voip.media.workers.salvage import salvage


def half_written(path: Path) -> Path:
    """Two seconds of a file that nobody closes."""
    whole = path.with_suffix(".whole")
    writer = SoundTrack(whole)
    for packet in rtp(sweep_packets()[:100]):
        writer.add(packet)
        writer.flush(packet.arrival)
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


async def test_what_was_told_of_its_files_stays_true(tmp_path: Path) -> None:
    """Offsets and marks are in no file; and what we sent is never the recording itself."""
    theirs, ours = tmp_path / "audio.ogg", tmp_path / "played.ogg"
    half_written(theirs)
    half_written(ours)
    sent = Recording(
        *(ours, "audio/ogg", 0.1, 1, RecordingEnd.NOT_YET),
        offset=0.4,
        direction=MediaDirection.SENT,
    )
    marks = (Mark(MarkKind.MASK, 0.5, 0.9),)
    grown = Recording(
        *(theirs, "audio/ogg", 0.1, 1, RecordingEnd.NOT_YET), parts=(sent,), marks=marks
    )
    recording = await salvage(tmp_path, (), grown)
    (part,) = recording.parts
    assert (recording.path, recording.marks) == (theirs, marks)
    assert (part.path, part.offset, part.direction) == (ours, 0.4, MediaDirection.SENT)
    assert {recording.ended, part.ended} == {RecordingEnd.REPAIRED}


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
