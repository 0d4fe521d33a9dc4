"""`call.json`: what is kept of a call."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from voip.bot import call_file
from voip.bot.call_file import NAME, CallFile, stamp, write_file
from voip.media.events import Mark, MarkKind, Recording, RecordingEnd
from voip.signalling.commands import By, Ended, EndReason
from voip.signalling.ids import CallKey


@pytest.fixture
def file() -> CallFile:
    return CallFile(
        id="0123",
        room_id="!room:test",
        call_id="../../etc/passwd",
        direction="inbound",
        caller="@alice:test",
        callee="@bot:test",
        began="2026-01-02T03:04:05.000Z",
    )


def recording(folder: Path, event: RecordingEnd = RecordingEnd.SILENCE) -> Recording:
    return Recording(folder / "audio.ogg", "audio/ogg", 3.25, 1234, event)


def test_it_reads_what_it_wrote(file: CallFile, tmp_path: Path) -> None:
    file.set_end(Ended(CallKey("!r:t", "c"), EndReason.HANGUP, By.PEER, True, "user_hangup"))
    file.set_track(recording(tmp_path))
    file.write(tmp_path)
    assert CallFile.read(tmp_path) == file
    written = json.loads((tmp_path / NAME).read_text())
    assert written["format"] == 1
    assert written["end"] == {
        "reason": "hangup",
        "text": "hung up",
        "by": "peer",
        "wire_reason": "user_hangup",
    }


def test_a_track_is_known_by_its_file(file: CallFile, tmp_path: Path) -> None:
    file.set_track(recording(tmp_path))
    file.set_track(recording(tmp_path), "$event")
    file.set_track(recording(tmp_path, RecordingEnd.REPAIRED))
    assert len(file.tracks) == 1
    assert file.tracks[0]["event_id"] == "$event"
    assert file.tracks[0]["ended"] == "repaired"


def test_a_screen_has_its_place_in_the_recording(file: CallFile, tmp_path: Path) -> None:
    screen = Recording(
        tmp_path / "screen.webm", "video/webm", 2.0, 99, RecordingEnd.SILENCE, 640, 400, 1.23456
    )
    for one in (recording(tmp_path), screen):
        file.set_track(one)
    assert [track.get("offset") for track in file.tracks] == [None, 1.235]


def test_a_crash_does_not_overwrite_a_known_end(file: CallFile) -> None:
    file.set_end(Ended(CallKey("!r:t", "c"), EndReason.REJECTED, By.US, True))
    file.set_crashed(datetime(2026, 1, 2, tzinfo=UTC))
    assert file.end is not None
    assert file.end["reason"] == "rejected"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"id": 1}'])
def test_what_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    assert CallFile.read(tmp_path) is None


def test_times_are_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert stamp(datetime(2026, 1, 2, 3, 4, 5, tzinfo=east)) == "2026-01-02T01:04:05.000Z"


def test_what_was_left_out_is_marked(file: CallFile, tmp_path: Path) -> None:
    marks = (Mark(MarkKind.PAUSE, 1.0, 2.00049), Mark(MarkKind.MASK, 4.0, 9.5))
    file.set_track(replace(recording(tmp_path), marks=marks))
    file.set_track(replace(recording(tmp_path), path=tmp_path / "b.ogg"))
    file.write(tmp_path)
    read = CallFile.read(tmp_path)
    assert read is not None
    first, second = read.tracks
    assert first["marks"] == [
        {"kind": "pause", "begin": 1.0, "end": 2.0},
        {"kind": "mask", "begin": 4.0, "end": 9.5},
    ]
    assert "marks" not in second


def test_what_is_repaired_keeps_its_place_and_its_marks(file: CallFile, tmp_path: Path) -> None:
    mark = Mark(MarkKind.MASK, 1.0, 2.0)
    going_on = recording(tmp_path, RecordingEnd.NOT_YET)
    file.set_track(replace(going_on, offset=7.5, marks=(mark,)))
    file.set_track(recording(tmp_path, RecordingEnd.REPAIRED))
    (track,) = file.tracks
    assert (track["ended"], track["offset"]) == ("repaired", 7.5)
    assert track["marks"] == [{"kind": "mask", "begin": 1.0, "end": 2.0}]


async def test_the_last_of_a_call_waits_for_space(
    file: CallFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other problem is not one that goes away."""
    monkeypatch.setattr(call_file, "WRITE_AGAIN", 0.0)
    problems = [errno.ENOSPC, errno.EDQUOT]
    replaced = Path.replace

    def full(path: Path, target: Path) -> Path:
        if problems:
            raise OSError(problems.pop(), "no")
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", full)
    await write_file(file, tmp_path, last=True)
    assert CallFile.read(tmp_path) is not None
    problems += [errno.ENOSPC, errno.EACCES]
    await write_file(file, tmp_path / "other", last=True)
    assert problems == [errno.ENOSPC]
    assert CallFile.read(tmp_path / "other") is None
