"""Whether the recorder could say what it is to say: found out at the start, not in a call."""

from __future__ import annotations

from voip.bot.bots.texts import sound_of
from voip.media.clips import encode
from voip.media.sound_errors import SoundError
from voip.media.sounds import Sound
from voip.service.keeping import keeping_settings
from voip.service.settings import BotName, Settings


def announcement(settings: Settings) -> Sound:
    """The setting as a sound: a file where it names one, else a text that is spoken."""
    return sound_of(settings.announcement)


def question(settings: Settings) -> Sound:
    """What is asked where consent is given by a digit, in the same way."""
    return sound_of(settings.consent_question)


def announcement_problems(settings: Settings) -> list[str]:
    """Make the announcement once, and say what went wrong. Takes up to a second."""
    if settings.bot is not BotName.RECORDER:
        return []
    said = {"VOIP_ANNOUNCEMENT": announcement(settings)}
    if keeping_settings(settings).asks_anybody:
        said["VOIP_CONSENT_QUESTION"] = question(settings)
    problems = []
    for name, sound in said.items():
        try:
            encode(sound)
        except SoundError as error:
            problems.append(f"{name}: {error}; or name a sound file in it")
    return problems
