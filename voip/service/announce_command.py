"""`voip announce`: the message to everybody, watched by a person or by a program."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

from voip.bot.bots.announce import DONE, Announcement, Told, announce
from voip.bot.dialling import dialled
from voip.bot.phone import Phone
from voip.matrix.errors import MatrixError
from voip.media.errors import MediaError
from voip.media.sound_errors import SoundError
from voip.media.sounds import Sound, SoundFile, Speech
from voip.service.logs import set_up_logging
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import USER_ID, LogLevel, Settings
from voip.service.settings_sources import SettingsError, load_settings
from voip.service.translation import phone_settings
from voip.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class AnnounceOptions:
    """The command's options as they were given."""

    people: tuple[str, ...]
    people_file: Path | None
    play: Path | None
    say: str | None
    confirm: str
    tries: int
    pause: float
    ring: float
    at_once: int
    machines: bool
    json: bool


def announce_command(options: AnnounceOptions, config: Path | None) -> Exit:
    """Call everybody, report, and say whether all have heard."""
    try:
        people, announcement = people_of(options), announcement_of(options)
        settings = load_settings(config)
    except SettingsError as error:
        _complain(options, "; ".join(error.problems))
        return Exit.WRONG_INPUT
    set_up_logging(settings.log_level if "log_level" in settings.model_fields_set else _QUIET)
    try:
        report = run(_announce(settings, people, announcement, options))
    except Interrupted:
        _complain(options, "interrupted; the calls are hung up")
        return Exit.INTERRUPTED
    except (MatrixError, MediaError, SoundError, StoreError, OSError) as error:
        _complain(options, str(error) or type(error).__name__)
        return Exit.FAILED
    _report(options, report)
    return Exit.DONE if all(told.outcome in DONE for told in report) else Exit.FAILED


_QUIET = LogLevel.WARNING
"""A person at a terminal wants to see the calls."""


def people_of(options: AnnounceOptions) -> list[str]:
    """Everybody who is named. Raises SettingsError, with the line for what is no user id."""
    named = [("", one) for one in options.people]
    if options.people_file is not None:
        try:
            lines = options.people_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise SettingsError([f"{options.people_file} cannot be read as text"]) from None
        for number, line in enumerate(lines, 1):
            if one := line.partition("#")[0].strip():
                named.append((f"{options.people_file}, line {number}: ", one))
    wrong = [where for where, one in named if not USER_ID.fullmatch(one)]
    if wrong:
        what = "must be a whole Matrix id: @, a name, a colon and a server"
        raise SettingsError([f"{where or 'each person '}{what}" for where in wrong])
    if not named:
        raise SettingsError(["there is nobody to call: name user ids, or a --list"])
    return [one for _, one in named]


def announcement_of(options: AnnounceOptions) -> Announcement:
    """Raises SettingsError."""
    if options.play is not None and not options.play.is_file():
        raise SettingsError([f"there is no sound file {options.play} to play"])
    speaks = find_spec("espeakng_loader") is not None
    if options.say is not None and not speaks:
        raise SettingsError(["nothing that speaks is installed: pip install 'matrix-voip[speech]'"])
    message: Sound = Speech(options.say or "") if options.play is None else SoundFile(options.play)
    key = options.confirm
    try:
        return Announcement(
            message,
            confirm=options.confirm,
            prompt=Speech(f"Press {_SPOKEN.get(key, key)} to confirm.") if key and speaks else None,
            tries=options.tries,
            pause=options.pause,
            ring=options.ring,
            at_once=options.at_once,
            machines=options.machines,
        )
    except ValueError as error:
        raise SettingsError([str(error)]) from error


_SPOKEN = {"*": "the star key", "#": "the hash key"}


async def _announce(
    settings: Settings, people: list[str], announcement: Announcement, options: AnnounceOptions
) -> list[Told]:
    async with Phone(phone_settings(settings, "announce")) as phone:
        await phone.media.prepare(announcement.message)
        dial = functools.partial(dialled, phone)
        tell = functools.partial(_progress, options)
        syncing = asyncio.ensure_future(phone.run())
        calling = asyncio.ensure_future(announce(dial, people, announcement, tell))
        try:
            await asyncio.wait({syncing, calling}, return_when=asyncio.FIRST_COMPLETED)
            if not calling.done():
                syncing.result()  # raises why it ended
            return await calling
        finally:
            for task in (calling, syncing):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


def _progress(options: AnnounceOptions, told: Told) -> None:
    if not options.json:
        sys.stderr.write(f"{told.user_id}: {told.outcome.value}\n")


def _report(options: AnnounceOptions, report: list[Told]) -> None:
    if options.json:
        ok = all(told.outcome in DONE for told in report)
        _print_json({"ok": ok, "people": [told.as_json() for told in report]})
        return
    table = Table("who", "outcome", "calls", "", box=None)
    for told in report:
        table.add_row(told.user_id, told.outcome.value, str(told.tries), told.detail)
    Console(file=sys.stdout, highlight=False).print(table)


def _complain(options: AnnounceOptions, reason: str) -> None:
    if options.json:
        _print_json({"ok": False, "reason": reason})
    else:
        sys.stderr.write(f"error: {reason}\n")


def _print_json(values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
