"""What can be played into a call, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SoundFile:
    """An audio file in any format that FFmpeg reads."""

    path: Path
    level: bool = True
    """Bring it to the loudness that speech and other files have; else it stays as it is."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A text, spoken by the engine of the `speech` extra."""

    text: str
    voice: str = "en"


@dataclass(frozen=True, slots=True)
class Tone:
    """One frequency, or up to four at once, at a comfortable level for `seconds` in all.

    `cadence`: seconds of sound and of pause by turns, again and again; none: no pause. The tones of
    telephone networks are made by `progress.tone`.
    """

    hertz: float | tuple[float, ...] = 1000.0
    seconds: float = 0.4
    cadence: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyTones:
    """Keys as they sound, `0123456789*#ABCD`: for an ear, or for a machine that listens.

    A call presses keys with `send_digits`, which arrives as what it is.
    """

    digits: str
    seconds: float = 0.1
    """Of each key."""
    gap: float = 0.07


@dataclass(frozen=True, slots=True)
class Silence:
    seconds: float


Sound: TypeAlias = SoundFile | Speech | Tone | KeyTones | Silence

BEEP = Tone()
"""After which one speaks."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a sound that was played."""

    ended: bool
    """It came to its end, and was not stopped."""
    seconds: float
    """For how long it was heard: a multiple of 0.02."""
