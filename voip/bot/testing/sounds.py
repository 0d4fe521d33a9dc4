"""How long a sound lasts that is never made, and how it is named when a test fails."""

from __future__ import annotations

from typing import Final

from voip.media.sounds import KeyTones, Silence, Sound, SoundFile, Speech, Tone

CHARACTERS: Final = 15.0
"""Of a text, spoken in a second."""
FILE: Final = 2.0
"""Seconds that every file lasts: it need not exist."""


def seconds_of(sound: Sound) -> float:
    match sound:
        case Speech(text=text):
            return max(0.2, len(text) / CHARACTERS)
        case Tone(seconds=seconds) | Silence(seconds=seconds):
            return seconds
        case KeyTones(digits=digits, seconds=seconds, gap=gap):
            return len(digits) * (seconds + gap)
        case SoundFile():
            return FILE


def words_of(sound: Sound) -> str:
    """What is compared with what a caller shall hear."""
    match sound:
        case Speech(text=text):
            return text
        case SoundFile(path=path):
            return path.name
        case Tone(hertz=hertz):
            return f"a tone of {hertz} Hz"
        case KeyTones(digits=digits):
            return f"the keys {digits}"
        case Silence():
            return "silence"
