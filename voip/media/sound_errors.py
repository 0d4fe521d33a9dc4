"""What can go wrong with sounds and recordings. Each message is for the person who runs this."""

from __future__ import annotations


class SoundError(Exception):
    """A sound cannot be made ready."""


class SpeechUnavailable(SoundError):
    """The speech engine is not installed, or has no such voice."""


class PlayerClosed(Exception):
    """The call's sending side ended before the sound was played to its end."""


class NotRepairable(Exception):
    """The file holds nothing that could be played; it was left as it is."""


class StillWritten(NotRepairable):
    """Somebody writes or repairs the file right now."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being written: repair it when its call is over")
