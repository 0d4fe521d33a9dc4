"""`voip recordings export`."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner, Result

from tests.media.audio import decode, names, pitch
from tests.media.export.files import beeps, ogg
from tests.service.recordings import GOOD, good_call, make_call, write_call_file
from voip.service.cli import app
from voip.service.running import Exit

NAME = f"20260131T120000Z-{GOOD}"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a call; the working folder is the data folder's."""
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return good_call(tmp_path / "voip-data")


def export(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recordings", "export", *arguments])


def test_the_latest_call_becomes_a_file_here(folder: Path, tmp_path: Path) -> None:
    result = export("--format", "wav")
    assert result.exit_code == Exit.DONE
    assert result.stdout == f"written to {NAME}.wav: 4.0 s, 383 kB, from audio.ogg\n"
    assert pitch(decode(tmp_path / f"{NAME}.wav"), 2.0) == pytest.approx(710, abs=15)


def test_the_name_says_the_format(folder: Path, tmp_path: Path) -> None:
    assert export(GOOD[:4], "-o", "ann.mp3").exit_code == Exit.DONE
    with av.open(str(tmp_path / "ann.mp3")) as container:
        assert container.format.name == "mp3"


def test_a_program_is_told(folder: Path, tmp_path: Path) -> None:
    (line,) = export("-o", "ann.ogg", "--json").stdout.splitlines()
    assert json.loads(line) == {
        "file": str(tmp_path / "ann.ogg"),
        "format": "ogg",
        "seconds": pytest.approx(3.99, abs=0.02),
        "bytes": (folder / "audio.ogg").stat().st_size,
        "sources": ["audio.ogg"],
        "encoded": False,
    }


def test_one_track_alone(folder: Path, tmp_path: Path) -> None:
    ogg(folder / "played.ogg", beeps(1, 2500, 0.5))
    result = export("--track", "played", "-o", "ours.ogg", "--json")
    assert json.loads(result.stdout)["sources"] == ["played.ogg"]
    mixed = export("--mixed", "-o", "both.ogg", "--json")
    assert json.loads(mixed.stdout)["sources"] == ["audio.ogg", "played.ogg"]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([], Exit.WRONG_INPUT, "give --format, one of ogg, mp3"),
        (["-o", "x.flac"], Exit.WRONG_INPUT, "give --format, one of ogg, mp3"),
        (["-o", "x"], Exit.WRONG_INPUT, "give --format"),
        (["--format", "flac"], Exit.WRONG_INPUT, "flac"),
        (["--mixed", "--track", "x"], Exit.WRONG_INPUT, "exclude each other"),
        (["ffff", "-o", "x.mp3"], Exit.FAILED, "there is no recording of ffff"),
        (["-o", "x.mp4"], Exit.FAILED, "there is no picture in this call: mp4 needs one"),
        (["--track", "x", "-o", "x.mp3"], Exit.FAILED, "there is no track x"),
        (["-o", "no/such/x.mp3"], Exit.FAILED, "there is no folder"),
        (["-o", "voip-data", "--format", "mp3"], Exit.FAILED, "voip-data exists"),
        (["-o", f"{'x' * 300}.mp3"], Exit.FAILED, "File name too long"),
        (["-o", os.fsdecode(b"\xff.mp3")], Exit.FAILED, "not UTF-8"),
    ],
)
def test_wrong_input_is_told_and_nothing_is_written(
    folder: Path, tmp_path: Path, arguments: list[str], status: Exit, told: str
) -> None:
    result = export(*arguments)
    assert result.exit_code == status
    assert told in result.stderr
    assert result.stdout == ""
    assert names(tmp_path) == {"voip-data"}


def test_a_damaged_recording_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "audio.ogg").write_bytes(b"OggS" * 999)
    result = export("-o", "x.mp3")
    assert result.exit_code == Exit.FAILED
    assert "error: audio.ogg holds nothing that plays" in result.stderr
    assert names(tmp_path) == {"voip-data"}


def test_links_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = (folder / "audio.ogg").rename(tmp_path / "secret.ogg")
    (folder / "audio.ogg").symlink_to(secret)
    for arguments in (["-o", "x.mp3"], ["--track", "audio", "-o", "x.ogg"]):
        result = export(*arguments)
        assert result.exit_code == Exit.FAILED
        assert "nothing was recorded" in result.stderr or "is a link" in result.stderr
    assert names(tmp_path) == {"voip-data", "secret.ogg"}


@pytest.fixture
def long_call(folder: Path) -> Path:
    """Some seconds of work: an hour, nearly all of it silence."""
    long = make_call(folder.parents[1], "20260202T080000Z", "long")
    ogg(long / "audio.ogg", beeps(1, 1000, 0.5))
    ogg(long / "played.ogg", beeps(1, 2500, 0.5))
    write_call_file(long, tracks=[{"file": "audio.ogg"}, {"file": "played.ogg", "offset": 3600.0}])
    return long


def begun(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    script = "from voip.service.cli import main; main()"
    command = [sys.executable, "-c", script, "recordings", "export", *arguments]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root, "COLUMNS": "100", "TERM": "xterm"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment)


def test_ctrl_c_leaves_nothing_behind_and_a_terminal_sees_how_far_it_is(
    long_call: Path, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    work = begun("long", "-o", "x.mp3", stderr=theirs)
    os.close(theirs)
    seen = b""
    with work:
        while b"  3 %" not in seen:
            seen += os.read(ours, 4096)
        assert len(names(tmp_path)) == 2
        work.send_signal(signal.SIGINT)
        assert work.wait(60) == Exit.INTERRUPTED
        assert b"x.mp3" in seen
        assert b"\xe2\x94\x81" in seen  # a bar
        while b"nothing was written" not in seen:
            seen += os.read(ours, 4096)
        assert work.stdout
        assert work.stdout.read() == b""
    os.close(ours)
    assert names(tmp_path) == {"voip-data"}
