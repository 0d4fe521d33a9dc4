"""What the file of a bot says shall be heard: a text to be spoken, or the path of a sound file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from voip.media.sounds import Sound, SoundFile, Speech

SOUND_PATH: Final = re.compile(
    r"\.{0,2}/.*|\S+\.(?:ogg|opus|wav|mp3|flac|m4a|webm)", re.DOTALL | re.IGNORECASE
)
"""A text that is meant as a path, so that a misspelt one is not read out."""


def _file_exists(text: str) -> str:
    if SOUND_PATH.fullmatch(text) and not Path(text).is_file():
        raise ValueError("looks like the path of a sound file, and there is no such file")
    return text


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=5000), AfterValidator(_file_exists)
]
"""Of a file of a bot. Paths begin where the program was started."""


def sound_of(text: str, voice: str = "en") -> Sound:
    """What is played."""
    return SoundFile(Path(text)) if SOUND_PATH.fullmatch(text) else Speech(text, voice)
