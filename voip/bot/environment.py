"""Where a bot's own program gets its settings from, and how it runs.

Settings and signals are the service's business, and the service is above the bots. A newcomer's
file imports `voip.bot` alone, so this one module reaches up, and only when it is called.
"""
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from voip.bot.runner import BotSettings


def settings(file: Path | None = None) -> BotSettings:
    """From a file and the environment. Raises SettingsError, which names every problem at once."""
    from voip.service.settings_sources import load_settings
    from voip.service.translation import bot_settings

    return bot_settings(load_settings(file))


def run_program(run: Callable[[Callable[[str], None]], Coroutine[Any, Any, None]]) -> int:
    """Run a bot until a signal ends it; gives the status of the process."""
    from voip.service.bot_command import run_program

    return run_program(run)
