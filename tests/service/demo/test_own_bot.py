"""The settings of the bot that the person at the demo writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from voip.service.demo.accounts import Account
from voip.service.demo.own_bot import write_settings
from voip.service.settings_sources import load_settings

HOMESERVER = "http://127.0.0.1:8470"
ACCOUNT = Account("mybot", "My bot", "@mybot:localhost", "5ec2e7")


def test_a_bot_that_is_started_there_has_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = write_settings(ACCOUNT, HOMESERVER, tmp_path)
    monkeypatch.chdir(home)
    settings = load_settings()
    assert settings.homeserver == HOMESERVER
    assert settings.user_id == ACCOUNT.user_id
    assert settings.data_dir == home / "data"
    assert (home / "voip.toml").stat().st_mode & 0o077 == 0
    assert home.stat().st_mode & 0o077 == 0


def test_what_somebody_added_stays(tmp_path: Path) -> None:
    file = write_settings(ACCOUNT, HOMESERVER, tmp_path) / "voip.toml"
    file.write_text(file.read_text() + "max_calls = 3\n")
    write_settings(ACCOUNT, HOMESERVER, tmp_path)
    assert load_settings(file).max_calls == 3


@pytest.mark.parametrize("spoilt", ["", "not toml", 'homeserver = "http://127.0.0.1:1"\n'])
def test_what_does_not_lead_there_is_written_anew(tmp_path: Path, spoilt: str) -> None:
    file = write_settings(ACCOUNT, HOMESERVER, tmp_path) / "voip.toml"
    file.write_text(spoilt)
    write_settings(ACCOUNT, HOMESERVER, tmp_path)
    assert load_settings(file).homeserver == HOMESERVER
