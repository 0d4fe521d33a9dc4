"""Names and sizes of a recording's files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LEFT_OPEN: Final = 0.5
"""Seconds that a file may be shorter than its recording: a sender with DTX is silent so long."""


def free_name(folder: Path, name: str, *suffixes: str) -> str:
    """`name`, or `name-2` and so on: a call may record more than once into its folder."""
    number, candidate = 1, name
    while any((folder / f"{candidate}{suffix}").exists() for suffix in suffixes):
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def size_of(path: Path) -> int:
    """Bytes; 0 where there is no file."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
