"""`voip recordings list` and `show`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.service.recordings import CRASHED, GOOD, crashed_call, good_call, write_call_file
from voip.service.cli import app
from voip.service.running import Exit


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder with two calls, and none of the settings that a login needs."""
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    good_call(tmp_path / "voip-data")
    crashed_call(tmp_path / "voip-data")
    return tmp_path / "voip-data"


def voip(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recordings", *arguments])


def told(*arguments: str) -> Any:
    (line,) = voip(*arguments, "--json").stdout.splitlines()
    return json.loads(line)


def test_the_list_has_who_when_how_long_and_whether_closed(folder: Path) -> None:
    result = voip("list")
    assert result.exit_code == Exit.DONE
    _, crashed, *_, good, hint = result.stdout.splitlines()
    assert crashed.split()[:3] == [CRASHED, "2026-02-01", "08:00:00"]
    assert "left open" in crashed
    assert good.split() == [
        *(GOOD, "2026-01-31", "12:00:00", "inbound", "@ann:example.org", "1:04", "audio.ogg"),
        "closed",
    ]
    assert "voip recordings repair" in hint


def test_programs_get_all_of_it(folder: Path) -> None:
    crashed, good = told("list")
    assert (crashed["id"], crashed["condition"], crashed["peer"]) == (CRASHED, "open", None)
    assert good["files"][0]["event_id"] == "$posted"
    assert good["files"][0]["condition"] == "closed"


def test_the_latest_is_shown(folder: Path) -> None:
    shown = voip("show").stdout
    assert CRASHED in shown
    assert "who called is not known" in shown
    assert "vp8, 160 × 120" in shown
    assert shown.count("left open") == 2


@pytest.mark.parametrize("wanted", [GOOD, GOOD[:4], f"20260131T120000Z-{GOOD}"])
def test_one_is_found_by_its_id_or_the_beginning_of_it(folder: Path, wanted: str) -> None:
    shown = voip("show", wanted, "--data-dir", str(folder)).stdout
    assert "call from @ann:example.org in !r:example.org, 1:04" in shown
    assert "opus, 48000 Hz, mono" in shown
    assert "ended: the other side hung up" in shown


def test_a_path_is_taken(folder: Path, tmp_path: Path) -> None:
    moved = folder.joinpath("recordings", f"20260131T120000Z-{GOOD}").rename(tmp_path / "sent")
    assert "@ann:example.org" in voip("show", "./sent").stdout
    assert told("show", str(moved))["path"] == str(moved)


def test_what_a_program_is_shown(folder: Path) -> None:
    (one,) = told("show", GOOD)["files"]
    assert one["contents"]["streams"] == [
        {"kind": "audio", "codec": "opus", "rate": 48000, "channels": 1}
        | {"width": None, "height": None}
    ]
    assert one["contents"]["seconds"] == pytest.approx(one["seconds"], abs=0.01)


def test_a_part_says_when_it_begins(folder: Path) -> None:
    write_call_file(
        folder / "recordings" / f"20260131T120000Z-{GOOD}",
        tracks=[{"file": "audio.ogg", "offset": -1.25}],
    )
    assert "begins -1.250 s from" in voip("show", GOOD).stdout


@pytest.mark.parametrize("name", ["audio.ogg", "video.webm", "screen.mkv"])
@pytest.mark.parametrize("content", [b"", b"junk" * 999, b"#EXTM3U\n/etc/passwd\n"])
def test_a_damaged_file_is_told_beside_the_others(folder: Path, name: str, content: bytes) -> None:
    (folder / "recordings" / f"20260131T120000Z-{GOOD}" / name).write_bytes(content)
    result = voip("show", GOOD)
    assert result.exit_code == Exit.DONE
    assert ("holds nothing that plays" if content else "nothing is in it") in result.stdout


def test_what_others_chose_cannot_write_to_the_terminal(folder: Path) -> None:
    write_call_file(
        folder / "recordings" / f"20260131T120000Z-{GOOD}",
        caller="@\x1b[2J[bold]ann:example.org",
        end={"text": "bye\x07\r"},
    )
    for shown in (voip("show", GOOD).stdout, voip("list").stdout):
        assert "@�[2J[bold]ann:example.org" in shown
        assert not {"\x1b", "\x07", "\r"} & set(shown)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["show", "ffff"], "there is no recording of ffff"),
        (["show", ""], "2 calls begin with"),
        (["show", "./missing"], "./missing is no call's folder"),
        (["show", "--data-dir", "elsewhere"], "there are no recordings in elsewhere/recordings"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, arguments: list[str], expected: str) -> None:
    result = voip(*arguments)
    assert result.exit_code == Exit.FAILED
    assert expected in result.stderr
    assert result.stdout == ""


def test_no_recordings_are_an_empty_list(folder: Path) -> None:
    assert told("list", "--data-dir", "elsewhere") == []
