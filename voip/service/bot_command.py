"""`voip bot`: settings, log, and the bot until a signal ends it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from voip.matrix.errors import MatrixError
from voip.media.errors import MediaError
from voip.media.sound_errors import SoundError
from voip.service.admin import CannotListen
from voip.service.announcement import announcement_problems
from voip.service.bot_service import serve_bot
from voip.service.logs import set_up_logging
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import Settings
from voip.service.settings_operation import LogFormat
from voip.service.settings_sources import SettingsError, load_settings, warnings
from voip.service.spans import NoOtel
from voip.store.errors import StoreError

log = logging.getLogger(__name__)


def bot_command(config: Path | None) -> Exit:
    try:
        settings = load_settings(config)
    except SettingsError as error:
        complain(*error.problems)
        return Exit.WRONG_INPUT
    if problems := announcement_problems(settings):
        complain(*problems)
        return Exit.WRONG_INPUT
    set_up_logging(settings.log_level, as_json=settings.log_format is LogFormat.JSON)
    for warning in warnings(config):
        log.warning("%s", warning)
    try:
        run(serve_bot(settings, lambda user_id: _tell_ready(user_id, settings)))
    except Interrupted:
        log.info("ended by a signal; calls are hung up, recordings closed")
        return Exit.DONE
    except (CannotListen, NoOtel, MatrixError, MediaError, SoundError, StoreError) as error:
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
