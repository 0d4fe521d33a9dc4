"""Whether a recording was closed properly, told from a few bytes of it."""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Final

from voip.media import file_lock, ogg_pages

SUFFIXES: Final = (".ogg", ".webm", ".mkv")
_NAME: Final = re.compile(r"[a-z]+[a-z0-9-]*\.(?:ogg|webm|mkv)")
_LONGEST_PAGE: Final = 27 + 255 + 255 * 255
_SEGMENT: Final = b"\x18\x53\x80\x67"
_UNKNOWN_SIZE: Final = b"\x01" + b"\xff" * 7
"""RFC 8794 §6.2. FFmpeg writes the segment's size on closing, where this stood."""


class Condition(Enum):
    CLOSED = "closed"
    OPEN = "left open"
    """By a crash or a failing disk: `repair` closes it."""
    WRITTEN = "being written"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    """Not ours to read, or no file."""


def is_recording(name: str) -> bool:
    """Whether a file in a call's folder is named like a recording."""
    return _NAME.fullmatch(name) is not None


def condition(path: Path) -> Condition:
    """Blocking; never raises."""
    try:
        if file_lock.is_written(path):
            return Condition.WRITTEN
        if not path.stat().st_size:
            return Condition.EMPTY
        return Condition.CLOSED if is_closed(path) else Condition.OPEN
    except OSError:
        return Condition.UNREADABLE


def is_closed(path: Path) -> bool:
    """Whether the recording was closed by whoever wrote or repaired it. Raises OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return _ogg_closed(file, size) if path.suffix == ".ogg" else _matroska_closed(file)


def _ogg_closed(file: BinaryIO, size: int) -> bool:
    """Its last page ends the stream (RFC 3533 §6), and nothing follows."""
    file.seek(max(0, size - _LONGEST_PAGE))
    tail = file.read()
    pages = list(ogg_pages.read(tail))
    return bool(pages and pages[-1].flags & ogg_pages.LAST and pages[-1].end == len(tail))


def _matroska_closed(file: BinaryIO) -> bool:
    head = file.read(256)
    at = head.find(_SEGMENT)
    size = head[at + 4 : at + 12]
    return at >= 0 and len(size) == 8 and size != _UNKNOWN_SIZE
