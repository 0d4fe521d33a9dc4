"""What the file of a bot says shall be heard: a text to be spoken, or the path of a sound file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from voip.media.sound_paths import file_of, text_or_file
from voip.media.sounds import Sound, SoundFile, Speech

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=5000), AfterValidator(text_or_file)
]
"""Of a file of a bot. Paths begin where the program was started."""


def sound_of(text: str, voice: str = "en") -> Sound:
    """What is played."""
    file = file_of(text)
    return Speech(text, voice) if file is None else SoundFile(file)
