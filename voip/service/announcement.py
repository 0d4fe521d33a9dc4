"""Whether the recorder could say what it is to say: found out at the start, not in a call."""

from __future__ import annotations

from voip.media.clips import encode
from voip.media.sound_errors import SoundError
from voip.media.sounds import Sound, SoundFile, Speech
from voip.service.settings import BotName, Settings


def announcement(settings: Settings) -> Sound:
    """The setting as a sound: a file where it names one, else a text that is spoken."""
    file = settings.announcement_file
    return Speech(settings.announcement) if file is None else SoundFile(file)


def announcement_problems(settings: Settings) -> list[str]:
    """Make the announcement once, and say what went wrong. Takes up to a second."""
    if settings.bot is not BotName.RECORDER:
        return []
    try:
        encode(announcement(settings))
    except SoundError as error:
        return [f"VOIP_ANNOUNCEMENT: {error}; or name a sound file in it"]
    return []
