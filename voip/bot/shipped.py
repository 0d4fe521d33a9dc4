"""The bots that ship, by their names: the flow of each, and the sounds that it needs at
once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voip.bot.bots.bridge_recorder import BridgeSettings, bridge_recorder
from voip.bot.bots.file import BotFileError, read
from voip.bot.bots.menu import menu
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.texts import sound_of
from voip.bot.bots.voicemail import VoicemailSettings, voicemail
from voip.bot.call import Call
from voip.bot.echo import GREETING, echo
from voip.bot.flows import Flow
from voip.bot.recorder import BEGIN, DONE, recorder
from voip.media.sounds import BEEP, Sound

if TYPE_CHECKING:
    from voip.bot.runner import BotSettings


class BotKind(StrEnum):
    RECORDER = "recorder"
    ECHO = "echo"
    VOICEMAIL = "voicemail"
    MENU = "menu"
    BRIDGE_RECORDER = "bridge-recorder"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A bot that is ready to answer."""

    flow: Flow
    sounds: tuple[Sound, ...] = ()
    """Made ready before the first call."""


def shipped(settings: BotSettings) -> Shipped:
    """Reads the bot's own file where it has one. Blocking. Raises BotFileError."""
    file = settings.file
    asked = (settings.recorder.question,) if settings.keeping.asks_anybody else ()
    match settings.bot:
        case BotKind.RECORDER:

            async def record(call: Call) -> None:
                await recorder(call, settings.recorder, call.policy)

            return Shipped(record, (settings.recorder.announcement, *asked, BEGIN, DONE))
        case BotKind.ECHO:
            return Shipped(echo, (GREETING, BEGIN))
        case BotKind.VOICEMAIL:
            mail = VoicemailSettings() if file is None else read(file, VoicemailSettings)
            greetings = (sound_of(one.say, one.voice) for one in mail.greetings)
            question = settings.recorder.question
            return Shipped(
                partial(voicemail, settings=mail, question=question), (*greetings, *asked, BEEP)
            )
        case BotKind.MENU:
            menus = read(_needed(file, settings.bot), MenuSettings)
            question = settings.recorder.question
            return Shipped(partial(menu, settings=menus, question=question), asked)
        case BotKind.BRIDGE_RECORDER:
            bridge = read(_needed(file, settings.bot), BridgeSettings)
            consent = sound_of(bridge.consent, bridge.voice)
            return Shipped(partial(bridge_recorder, settings=bridge), (consent,))


def _needed(file: Path | None, kind: BotKind) -> Path:
    if file is None:
        what = f"the bot {kind.value} needs a file of its own (docs/bots.md)"
        raise BotFileError([f"{what}: name it in VOIP_BOT_FILE, or with --file"])
    return file
