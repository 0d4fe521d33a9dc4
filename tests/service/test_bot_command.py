"""`voip bot` with options and files that cannot be used: said, and nothing is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from voip.service.bot_command import bot_command
from voip.service.running import Exit


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOIP_HOMESERVER", "http://127.0.0.1:9")
    monkeypatch.setenv("VOIP_USER_ID", "@bot:example.org")
    monkeypatch.setenv("VOIP_PASSWORD", "-")


def test_a_bot_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot_command(None, "singer") is Exit.WRONG_INPUT
    assert "no bot 'singer', but recorder, echo, voicemail" in capsys.readouterr().err


def test_a_bot_without_the_file_that_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot_command(None, "menu") is Exit.WRONG_INPUT
    assert "VOIP_BOT_FILE, or with --file" in capsys.readouterr().err


def test_a_file_with_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mail.toml"
    file.write_text("max_seconds = 0\n\ninboks = 1\n")
    assert bot_command(None, "voicemail", file) is Exit.WRONG_INPUT
    told = capsys.readouterr().err
    assert f"error: {file}, line 1: max_seconds" in told
    assert f"error: {file}, line 3: inboks" in told
