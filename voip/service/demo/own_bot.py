"""The settings of the bot that the person at the demo writes: docs/start.md."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from voip.service.demo.accounts import OWN, Account

NAME = next(iter(OWN))


def write_settings(account: Account, homeserver: str, folder: Path) -> Path:
    """A folder with a `voip.toml`, ready for a bot that is started in it. Blocking.

    What somebody has added to that file stays, unless the homeserver or the account is another one.
    """
    home = folder.resolve() / NAME
    home.mkdir(mode=0o700, exist_ok=True)
    file = home / "voip.toml"
    ours = {
        "homeserver": homeserver,
        "user_id": account.user_id,
        "password": account.password,
        "data_dir": str(home / "data"),
    }
    if file.exists() and _has(file, ours):
        return home
    file.touch(mode=0o600)
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in ours.items()))
    return home


def _has(file: Path, ours: dict[str, str]) -> bool:
    try:
        return ours.items() <= tomllib.loads(file.read_text()).items()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
