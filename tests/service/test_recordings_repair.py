"""`voip recordings repair`, also beside a process that records."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.media.audio import decode, pitch
from tests.service.recordings import CRASHED, crashed_call, good_call, make_call, write_call_file
from voip.bot.call_file import CallFile
from voip.media.condition import Condition, condition
from voip.service.cli import app
from voip.service.running import Exit


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a crashed call, beside a good one."""
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    good_call(tmp_path / "voip-data")
    return crashed_call(tmp_path / "voip-data")


def repair(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recordings", "repair", *arguments])


def outcomes(*arguments: str) -> dict[str, str]:
    lines: list[dict[str, Any]] = json.loads(repair(*arguments, "--json").stdout)
    return {Path(line["file"]).name: line["outcome"] for line in lines}


def test_what_was_left_open_is_closed_and_told(folder: Path) -> None:
    result = repair()
    assert result.exit_code == Exit.DONE
    assert result.stdout.splitlines()[:3] == [
        f"{folder.name}/audio.ogg: closed, 3.8 s",
        f"{folder.name}/video.webm: closed, 1.5 s",
        f"{folder.name}/whole.webm: was closed properly",
    ]
    assert condition(folder / "audio.ogg") is Condition.CLOSED
    assert pitch(decode(folder / "audio.ogg"), 2.0) == pytest.approx(710, abs=15)
    assert set(outcomes().values()) == {"whole"}


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = repair("--dry-run")
    assert result.exit_code == Exit.FAILED
    assert "audio.ogg: would be closed" in result.stdout
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("wanted", [CRASHED, CRASHED[:3], "./voip-data/recordings/{folder}"])
def test_one_call(folder: Path, wanted: str) -> None:
    assert outcomes(wanted.format(folder=folder.name)) == {
        "audio.ogg": "closed",
        "video.webm": "closed",
        "whole.webm": "whole",
    }


def test_one_file(folder: Path) -> None:
    assert outcomes(str(folder / "audio.ogg")) == {"audio.ogg": "closed"}
    assert condition(folder / "video.webm") is Condition.OPEN


def test_call_json_is_told_of_a_file_that_it_knows(folder: Path) -> None:
    known = {"file": "video.webm", "event_id": "$e", "offset": 12.5, "ended": "write_failed"}
    write_call_file(folder, tracks=[known])
    assert outcomes()["video.webm"] == "closed"
    file = CallFile.read(folder)
    assert file is not None
    (track,) = file.tracks
    assert (track["ended"], track["offset"], track["event_id"]) == ("repaired", 12.5, "$e")
    assert track["bytes"] == (folder / "video.webm").stat().st_size


@pytest.fixture
def recording(folder: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Another process records into a call of its own; more than a second of it."""
    live = make_call(folder.parents[1], "20260202T080000Z", "live")
    command = [sys.executable, "-m", "tests.media.recording_child", str(live), "VP8"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert child.stdout
    child.stdout.read(75)
    try:
        _wait_for_the_picture(live)
        yield live, child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def _wait_for_the_picture(live: Path) -> None:
    """Sound is in a file of its own until the picture's holds more than that."""
    deadline = time.monotonic() + 20
    while (live / "audio.ogg").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_bot_writes_is_left_alone_until_the_bot_is_gone(
    folder: Path, recording: tuple[Path, subprocess.Popen[bytes]]
) -> None:
    live, child = recording
    assert child.stdout
    before = (live / "video.webm").stat()
    assert outcomes(CRASHED)["audio.ogg"] == "closed"
    assert outcomes("live") == {"video.webm": "written"}
    assert "being written" in repair("live").stdout
    shown = CliRunner().invoke(app, ["recordings", "list"]).stdout
    assert "being written" in shown
    child.stdout.read(75)  # it goes on, into the same file
    after = (live / "video.webm").stat()
    assert after.st_ino == before.st_ino
    assert after.st_size > before.st_size
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert outcomes("live") == {"video.webm": "closed"}
    # Both pieces of what was handed over, before and after the attempt.
    assert len(decode(live / "video.webm")) / 48_000 > 2.0


@pytest.mark.parametrize("content", [b"", b"OggS" * 999])
def test_what_holds_nothing_is_left_alone(folder: Path, content: bytes) -> None:
    (folder / "audio-2.ogg").write_bytes(content)
    result = repair(CRASHED)
    assert result.exit_code == (Exit.FAILED if content else Exit.DONE)
    assert f"audio-2.ogg: {'not repaired' if content else 'empty'}" in result.stdout
    assert "audio.ogg: closed" in result.stdout
    assert (folder / "audio-2.ogg").read_bytes() == content


def test_links_are_left_alone(folder: Path, tmp_path: Path) -> None:
    outside = (folder / "audio.ogg").rename(tmp_path / "outside.ogg")
    before = outside.read_bytes()
    (folder / "audio.ogg").symlink_to(outside)
    result = repair(CRASHED)
    assert result.exit_code == Exit.FAILED
    assert "audio.ogg: not repaired, it cannot be read, or is no file" in result.stdout
    assert outside.read_bytes() == before
    assert (folder / "audio.ogg").is_symlink()


@pytest.mark.parametrize("name", ["audio.ogg", "video.webm"])
def test_no_space_for_the_copy_leaves_the_file_as_it_is(folder: Path, name: str) -> None:
    """A limit on the size of files does what a full disk does."""
    before = (folder / name).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        result = repair(str(folder / name))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == Exit.FAILED
    assert f"{name}: not repaired, File too large" in result.stdout
    assert (folder / name).read_bytes() == before
    assert not list(folder.glob("*.repair"))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("ffff", "there is no recording of ffff"),
        ("./missing.ogg", "missing.ogg: No such file"),
        ("./call.json", "call.json is no recording"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, wanted: str, told: str) -> None:
    result = repair(wanted)
    assert result.exit_code == Exit.FAILED
    assert told in result.stderr
