"""A dial menu: which language, what hour it is, and then menus within menus, from a TOML or
YAML file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from voip.bot import BEEP, Call, TransferError
from voip.bot.bots.menu_file import Action, MenuSettings, Texts
from voip.bot.bots.texts import sound_of
from voip.bot.consent import agreed, record_agreed
from voip.bot.cut_off import tell_if_cut_off
from voip.bot.recorder import QUESTION as QUESTION_TEXT
from voip.media.sounds import Sound, Speech

log = logging.getLogger(__name__)

TRIES: Final = 3
"""How often a menu is heard by somebody who presses nothing, or nothing that it has."""
QUESTION: Final = Speech(QUESTION_TEXT)
STEPS: Final = 100
"""Menus and actions in one call: somebody may press keys in a loop for ever."""


class Next(Enum):
    """What becomes of the call after an action, where it leads to no other menu."""

    AGAIN = "the same menu"
    GOODBYE = "the end"


def _now() -> datetime:
    return datetime.now(ZoneInfo("UTC"))


async def menu(
    call: Call,
    settings: MenuSettings,
    now: Callable[[], datetime] = _now,
    question: Sound = QUESTION,
) -> None:
    """:param question: asked before a recording, where the policy wants consent by a key."""
    await call.answer()
    visit = Visit(call, settings, await _language(call, settings), question)
    where = settings.first(now())
    for _ in range(STEPS):
        going = await visit.menu(where)
        if going is Next.GOODBYE:
            break
        where = going if isinstance(going, str) else where
    await visit.say(settings.goodbye)


async def _language(call: Call, settings: MenuSettings) -> str:
    """The one that is chosen by its number; the first where none is."""
    languages = list(settings.languages)
    if len(languages) == 1:
        return languages[0]
    for number, language in enumerate(languages, 1):
        prompt = sound_of(settings.languages[language], language)
        last = number == len(languages)
        pressed = await call.gather(prompt=prompt, timeout=5 if last else 0.3)
        if pressed.isdecimal() and 1 <= int(pressed) <= len(languages):
            return languages[int(pressed) - 1]
    return languages[0]


class Visit:
    """One caller's way through the menus."""

    def __init__(self, call: Call, settings: MenuSettings, language: str, question: Sound) -> None:
        self._call = call
        self._settings = settings
        self._language = language
        self._question = question

    async def say(self, texts: Texts | None) -> None:
        if texts is not None:
            await self._call.play(sound_of(texts.of(self._language), self._language))

    async def menu(self, name: str) -> str | Next:
        """Gives the next menu's name, or what else follows."""
        here = self._settings.menus[name]
        prompt = sound_of(here.say.of(self._language), self._language)
        for _ in range(TRIES):
            pressed = await self._call.gather(prompt=prompt, timeout=here.timeout, terminator="")
            if pressed in here.keys:
                return await self._do(here.keys[pressed])
            if pressed:
                await self.say(self._settings.unknown_key)
            elif here.nothing is not None:
                return await self._do(here.nothing)
        return Next.GOODBYE

    async def _do(self, action: Action) -> str | Next:
        if action.say is not None:
            await self.say(action.say)
        if action.transfer is not None:
            await self._transfer(action.transfer)
        if action.record is not None:
            await self._record(action.record)
        if action.menu is not None:
            return action.menu
        return Next.GOODBYE if action.hang_up else Next.AGAIN

    async def _record(self, seconds: float) -> None:
        """Nothing, where the caller does not agree."""
        self._call.forget_digits()  # a key of the menu is no consent
        if await agreed(self._call, self._call.policy, self._question):
            await self._call.play(BEEP)
            await record_agreed(self._call, until_silence=5, max_seconds=seconds)
            await tell_if_cut_off(self._call)

    async def _transfer(self, user_id: str) -> None:
        try:
            await self._call.transfer(user_id)
        except TransferError as error:
            log.info("call %s was not transferred: %s", self._call.id, type(error).__name__)
            await self.say(self._settings.not_reached)
