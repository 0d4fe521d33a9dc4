"""What can be played into a call, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SoundFile:
    """An audio file in any format that FFmpeg reads."""

    path: Path


@dataclass(frozen=True, slots=True)
class Speech:
    """A text, spoken by the engine of the `speech` extra."""

    text: str
    voice: str = "en"


@dataclass(frozen=True, slots=True)
class Tone:
    """A sine tone: `hertz` at a comfortable level for `seconds`."""

    hertz: float = 1000.0
    seconds: float = 0.4


@dataclass(frozen=True, slots=True)
class Silence:
    seconds: float


Sound: TypeAlias = SoundFile | Speech | Tone | Silence
