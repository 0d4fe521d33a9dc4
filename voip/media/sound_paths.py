"""Whether a text that somebody wrote is to be spoken, or names a sound file."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final

_PATH: Final = re.compile(
    r"\.{0,2}/.*|\S+\.(?:ogg|opus|wav|mp3|flac|m4a|webm)", re.DOTALL | re.IGNORECASE
)


def is_path(text: str) -> bool:
    """Whether it is meant as one, so that a misspelt path is not read out."""
    return _PATH.fullmatch(text) is not None


def file_of(text: str) -> Path | None:
    """The file that it names, by its looks or because it is there; None for a text."""
    path = Path(text)
    with contextlib.suppress(OSError):  # a text that is too long for a name
        if is_path(text) or path.is_file():
            return path
    return None


def text_or_file(text: str) -> str:
    """The same. Raises ValueError for a path where there is no file."""
    if is_path(text) and not Path(text).is_file():
        raise ValueError("looks like the path of a sound file, and there is no such file")
    return text
