from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.service.recordings import GOOD, crashed_call, good_call, make_call, write_call_file
from voip.bot.call_folders import folder_names, id_of, read_folder
from voip.media.condition import Condition


def test_a_call_is_read(tmp_path: Path) -> None:
    call = read_folder(good_call(tmp_path))
    assert (call.id, call.began, call.peer) == (GOOD, "2026-01-31T12:00:00Z", "@ann:example.org")
    assert call.seconds == pytest.approx(64.2)
    (one,) = call.recordings
    assert (one.path.name, one.condition, one.known) == ("audio.ogg", Condition.CLOSED, True)
    assert (one.track.ended, one.track.event_id) == ("silence", "$posted")


def test_a_crashed_call_is_told_by_its_files(tmp_path: Path) -> None:
    call = read_folder(crashed_call(tmp_path))
    assert call.peer is None
    assert call.seconds is None
    assert call.condition is Condition.OPEN
    conditions = {one.path.name: one.condition for one in call.recordings}
    assert conditions == {
        "audio.ogg": Condition.OPEN,
        "video.webm": Condition.OPEN,
        "whole.webm": Condition.CLOSED,
    }
    assert not any(one.known for one in call.recordings)


def test_the_order_is_that_of_the_call(tmp_path: Path) -> None:
    folder = make_call(tmp_path, "20260131T120000Z", "x")
    for name in ("a.ogg", "b.ogg", "c.ogg"):
        (folder / name).touch()
    write_call_file(folder, tracks=[{"file": "c.ogg", "offset": 3.5}, {"file": "gone.ogg"}])
    recordings = read_folder(folder).recordings
    assert [one.path.name for one in recordings] == ["c.ogg", "a.ogg", "b.ogg"]
    assert [one.track.offset for one in recordings] == [3.5, 0, 0]


def test_folders_are_listed_the_newest_first(tmp_path: Path) -> None:
    older, newer = good_call(tmp_path), crashed_call(tmp_path)
    recordings = tmp_path / "recordings"
    (recordings / "lost+found").mkdir()
    (recordings / "20260301T120000Z-file").touch()
    (recordings / "20260301T120000Z-link").symlink_to("/etc")
    assert folder_names(recordings) == [newer.name, older.name]
    assert [id_of(name) for name in folder_names(recordings)][1] == GOOD
    assert folder_names(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    "tracks",
    [
        [{"file": "../../../etc/passwd"}],
        [{"file": "/etc/passwd"}],
        [{"file": 5}, "x", None, {}],
        [{"file": "audio.ogg", "offset": 1e300}],
        [{"file": "audio.ogg", "offset": "soon"}],
        5,
        None,
    ],
)
def test_what_call_json_says_is_not_trusted(tmp_path: Path, tracks: Any) -> None:
    folder = good_call(tmp_path)
    write_call_file(folder, tracks=tracks)
    (one,) = read_folder(folder).recordings
    assert one.path == folder / "audio.ogg"
    assert one.track.offset == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, json.dumps({"id": 5}).encode(), b"null"],
)
def test_a_damaged_call_json_is_as_none(tmp_path: Path, content: bytes) -> None:
    folder = good_call(tmp_path)
    (folder / "call.json").write_bytes(content)
    call = read_folder(folder)
    assert call.file is None
    assert [one.path.name for one in call.recordings] == ["audio.ogg"]


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = good_call(tmp_path)
    (folder / "played.ogg").symlink_to("/etc/hostname")
    _, one = read_folder(folder).recordings
    assert one.condition is Condition.UNREADABLE
