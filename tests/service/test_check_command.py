"""`voip check-config`: what it shows, what it hides, what it says is wrong."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from voip.service.check_command import check, check_command, shown
from voip.service.running import Exit
from voip.service.settings import Settings
from voip.service.settings_sources import load_settings


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOIP_HOMESERVER", "https://matrix.example.org")
    monkeypatch.setenv("VOIP_USER_ID", "@bot:example.org")
    monkeypatch.setenv("VOIP_PASSWORD", "s3cr3t")


def test_every_setting_is_shown_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(None, as_json=False) is Exit.DONE
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == list(Settings.model_fields)
    assert re.search(r"^password +\(set\)$", out, re.MULTILINE)
    assert re.search(r"^allow +@\*:example.org$", out, re.MULTILINE)
    assert "s3cr3t" not in out + err


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(None, as_json=True) is Exit.DONE
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["ok"] is True
    assert told["problems"] == []
    assert told["settings"]["bot"] == "recorder"
    assert "s3cr3t" not in line


def test_a_wrong_setting_is_wrong_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOIP_BOT", "singer")
    assert check_command(None, as_json=True) is Exit.WRONG_INPUT
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert "VOIP_BOT" in told["problems"][0]
    assert check_command(None, as_json=False) is Exit.WRONG_INPUT
    assert capsys.readouterr().err.startswith("error: VOIP_BOT")


def test_a_data_folder_that_cannot_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VOIP_DATA_DIR", str(tmp_path / "file" / "data"))
    (problem,) = check(None).problems
    assert "VOIP_DATA_DIR" in problem
    assert "is no folder" in problem


def test_nothing_is_made(tmp_path: Path) -> None:
    assert check(None).ok
    assert list(tmp_path.iterdir()) == []


def test_a_text_without_a_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)  # importing it fails
    monkeypatch.setattr("voip.media.speech._engine", None)
    (problem,) = check(None).problems
    assert problem.startswith("VOIP_ANNOUNCEMENT: ")
    assert "matrix-voip[speech]" in problem
    monkeypatch.setenv("VOIP_BOT", "echo")
    assert check(None).ok


def test_an_announcement_that_is_no_sound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "welcome.ogg").write_text("not a sound")
    monkeypatch.setenv("VOIP_ANNOUNCEMENT", "welcome.ogg")
    (problem,) = check(None).problems
    assert "welcome.ogg is not a sound that can be read" in problem


def test_shown_holds_no_secret_object() -> None:
    assert "SecretStr" not in repr(shown(load_settings()))
