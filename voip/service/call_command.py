"""`voip call`: one call from the command line, watched by a person or by a program."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voip.bot.caller import CallOrder, CallReport, Step, place_call
from voip.bot.phone import Phone
from voip.matrix.errors import MatrixError
from voip.media.errors import MediaError
from voip.media.sound_errors import SoundError
from voip.media.sounds import Sound, SoundFile, Speech
from voip.service.call_progress import CallProgress
from voip.service.logs import set_up_logging
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import LogLevel, Settings
from voip.service.settings_sources import SettingsError, load_settings
from voip.service.translation import phone_settings
from voip.store.errors import StoreError

# Client-server API appendices: user id, room id (a domain since version 12 is optional), alias.
TARGET = re.compile(r"@[^:\s]*:\S+|!\S+|#[^:\s]+:\S+")


@dataclass(frozen=True, slots=True)
class CallOptions:
    """The command's options as they were given."""

    target: str
    play: Path | None = None
    say: str | None = None
    record: Path | None = None
    wait: float = 0.0
    seconds: float | None = None
    json: bool = False


def call_command(options: CallOptions, config: Path | None) -> Exit:
    """Place the call, report it, and say how it went."""
    try:
        settings = _checked(options, config)
    except SettingsError as error:
        _report_failure(options, "; ".join(error.problems))
        return Exit.WRONG_INPUT
    set_up_logging(_log_level(settings))
    try:
        report = run(_call(settings, options))
    except Interrupted:
        _report_failure(options, "interrupted; the call is hung up")
        return Exit.INTERRUPTED
    except (MatrixError, MediaError, SoundError, StoreError, OSError) as error:
        _report_failure(options, str(error) or type(error).__name__)
        return Exit.FAILED
    _report(options, report)
    return Exit.DONE if report.ok else Exit.FAILED


def _checked(options: CallOptions, config: Path | None) -> Settings:
    """The settings, where nothing is wrong with them and the options. Raises SettingsError."""
    if problems := wrong_options(options):
        raise SettingsError(problems)
    return load_settings(config)


def wrong_options(options: CallOptions) -> list[str]:
    """What is wrong with the command line, each with what to do."""
    wrong = []
    if not TARGET.fullmatch(options.target):
        wrong.append(
            "the target must be a user (@name:server) or a room (!id:server or #alias:server)"
        )
    if options.play is not None and not options.play.is_file():
        wrong.append(f"there is no sound file {options.play} to play")
    if options.say is not None and not options.say.strip():
        wrong.append("there is nothing to say: give --say a text")
    if options.say is not None and find_spec("espeakng_loader") is None:
        wrong.append("nothing that speaks is installed: pip install 'matrix-voip[speech]'")
    if options.record is not None and options.record.suffix.lower() not in {".ogg", ".opus"}:
        wrong.append("recordings are Ogg Opus: let the file's name end in .ogg")
    return wrong


async def _call(settings: Settings, options: CallOptions) -> CallReport:
    order = CallOrder(
        target=options.target,
        play=_sound(options),
        record=options.record,
        wait=options.wait,
        seconds=options.seconds,
    )
    async with Phone(phone_settings(settings, "call")) as phone:
        with _progress(options) as on_step:
            return await _while_syncing(phone, place_call(phone, order, on_step))


async def _while_syncing(phone: Phone, placing: Coroutine[Any, Any, CallReport]) -> CallReport:
    """The report of the call; what ends the sync ends the call too."""
    syncing = asyncio.ensure_future(phone.run())
    calling = asyncio.ensure_future(placing)
    try:
        await asyncio.wait({syncing, calling}, return_when=asyncio.FIRST_COMPLETED)
        if not calling.done():
            syncing.result()  # raises why it ended
        return await calling
    finally:
        for task in (calling, syncing):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _sound(options: CallOptions) -> Sound | None:
    if options.play is not None:
        return SoundFile(options.play)
    return None if options.say is None else Speech(options.say)


def _progress(options: CallOptions) -> AbstractContextManager[Callable[[Step], None]]:
    """Live on a terminal; a program reads only the end."""
    if options.json or not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    return CallProgress(options.target)


def _log_level(settings: Settings) -> LogLevel:
    """A person at a terminal wants to see the call: the log says less unless asked."""
    asked = "log_level" in settings.model_fields_set
    return settings.log_level if asked else LogLevel.WARNING


def _report(options: CallOptions, report: CallReport) -> None:
    if options.json:
        _print_json(report.as_json())
        return
    parts = [report.reason if report.ok else f"failed: {report.reason}"]
    if report.connected_ms is not None:
        parts.append(f"connected after {report.connected_ms / 1000:.1f} s")
    if report.seconds is not None:
        parts.append(f"talked for {report.seconds:.1f} s")
    if report.recorded is not None:
        parts.append(f"recorded to {report.recorded}")
    stream = sys.stdout if report.ok else sys.stderr
    stream.write(", ".join(parts) + "\n")


def _report_failure(options: CallOptions, reason: str) -> None:
    if options.json:
        _print_json({"ok": False, "reason": reason})
    else:
        sys.stderr.write(f"error: {reason}\n")


def _print_json(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
