"""What the file of a bot says shall be heard: a text to be spoken, or the path of a sound file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from voip.media.sound_paths import is_path, text_or_file
from voip.media.sounds import Sound, SoundFile, Speech

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=5000), AfterValidator(text_or_file)
]
"""Of a file of a bot. Paths begin where the program was started."""


def sound_of(text: str, voice: str = "en") -> Sound:
    """What is played."""
    return SoundFile(Path(text)) if is_path(text) else Speech(text, voice)
