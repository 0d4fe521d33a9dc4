"""`voip bot`: settings, log, and the bot until a signal ends it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from voip.bot.bots.file import BotFileError
from voip.delivery.storage.s3 import S3Missing
from voip.matrix.errors import MatrixError
from voip.media.errors import MediaError
from voip.media.sound_errors import SoundError
from voip.service.admin import CannotListen
from voip.service.announcement import announcement_problems
from voip.service.bot_service import serve_bot
from voip.service.logs import set_up_logging
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import BotName, LogLevel, Settings
from voip.service.settings_operation import LogFormat
from voip.service.settings_sources import SettingsError, load_settings, warnings
from voip.service.spans import NoOtel
from voip.store.errors import StoreError

log = logging.getLogger(__name__)


def bot_command(config: Path | None, bot: str | None = None, file: Path | None = None) -> Exit:
    """`bot` and `file` are the command's options, which win over the settings of that name."""
    try:
        settings = _with_options(load_settings(config), bot, file)
    except SettingsError as error:
        complain(*error.problems)
        return Exit.WRONG_INPUT
    if problems := announcement_problems(settings):
        complain(*problems)
        return Exit.WRONG_INPUT
    set_up_logging(settings.log_level, as_json=settings.log_format is LogFormat.JSON)
    for warning in warnings(config):
        log.warning("%s", warning)
    return _run(serve_bot(settings, lambda user_id: _tell_ready(user_id, settings)))


def _with_options(settings: Settings, bot: str | None, file: Path | None) -> Settings:
    """Raises SettingsError for a bot that there is not."""
    if bot is not None and bot not in list(BotName):
        raise SettingsError([f"--bot: there is no bot {bot!r}, but {', '.join(BotName)}"])
    options = {"bot": bot and BotName(bot), "bot_file": file}
    return settings.model_copy(update={name: one for name, one in options.items() if one})


def run_program(run_bot: Callable[[Callable[[str], None]], Coroutine[Any, Any, None]]) -> Exit:
    """A bot of somebody's own, which reads its settings itself, as a whole program."""
    set_up_logging(LogLevel.INFO)
    try:
        return _run(run_bot(_tell_own_ready))
    except SettingsError as error:
        complain(*error.problems)
        return Exit.WRONG_INPUT


def _run(bot: Coroutine[Any, Any, None]) -> Exit:
    try:
        run(bot)
    except Interrupted:
        log.info("ended by a signal; calls are hung up, recordings closed")
        return Exit.DONE
    except BotFileError as error:
        complain(*error.problems)
        return Exit.WRONG_INPUT
    except (
        *(CannotListen, NoOtel, S3Missing),
        *(MatrixError, MediaError, SoundError, StoreError),
    ) as error:
        complain(str(error))
        return Exit.FAILED
    return Exit.DONE


def complain(*problems: str) -> None:
    """Say on stderr what is wrong."""
    for problem in problems:
        sys.stderr.write(f"error: {problem}\n")


def _tell_ready(user_id: str, settings: Settings) -> None:
    """The one line that a person or a supervisor waits for."""
    does = f"answers calls as {settings.bot.value}, data in {settings.data_dir}"
    sys.stdout.write(f"ready: {user_id} {does}\n")
    sys.stdout.flush()


def _tell_own_ready(user_id: str) -> None:
    sys.stdout.write(f"ready: {user_id} answers calls\n")
    sys.stdout.flush()
