"""The calls whose recordings are kept: a folder each, read for whoever looks after them.

Nothing of what a file says is trusted: a name in `call.json` counts only where such a file is in
the same folder, and a link is no file.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from voip.bot.call_file import CallFile
from voip.media.condition import Condition, condition, is_recording

_NAME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([A-Za-z0-9_-]{1,64})")
_FURTHEST: Final = 7 * 24 * 3600.0
"""Seconds from the beginning of a call within which a track of it can begin."""


class Track(msgspec.Struct, frozen=True):
    """What `call.json` says of a file; the defaults stand for what it does not say."""

    file: str
    seconds: float | None = None
    """As long as the call is not over, what it was when the file was begun."""
    offset: float = 0.0
    """Seconds from the beginning of its recording to its own."""
    ended: str | None = None
    event_id: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """One file of a call, as it lies there."""

    path: Path
    size: int
    """Bytes."""
    condition: Condition
    track: Track
    known: bool
    """Whether `call.json` has it: it does not while the call goes on, and after a crash."""


@dataclass(frozen=True, slots=True)
class CallFolder:
    path: Path
    id: str
    began: str
    """UTC, to the second, as in the folder's name."""
    file: CallFile | None
    """None where there is no `call.json`, or none that can be read."""
    recordings: tuple[RecordingFile, ...]
    """As `call.json` has them, then the others by name."""

    @property
    def peer(self) -> str | None:
        if self.file is None:
            return None
        return self.file.caller if self.file.direction == "inbound" else self.file.callee

    @property
    def condition(self) -> Condition:
        """Of all files together: the one that asks most for attention."""
        found = {one.condition for one in self.recordings}
        order = (Condition.WRITTEN, Condition.OPEN, Condition.UNREADABLE, Condition.CLOSED)
        return next((each for each in order if each in found), Condition.EMPTY)

    @property
    def seconds(self) -> float | None:
        """The length of the call; None where it is not over, or its end is not known."""
        return None if self.file is None else self.file.seconds


def folder_names(recordings: Path) -> list[str]:
    """The call folders, the newest first. Blocking. Raises OSError; no folder is none."""
    with contextlib.suppress(FileNotFoundError), os.scandir(recordings) as entries:
        return sorted(
            (each.name for each in entries if is_call_folder(each.name) and _is_folder(each)),
            reverse=True,
        )
    return []


def is_call_folder(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def id_of(name: str) -> str:
    """The call's own id, out of its folder's name."""
    match = _NAME.fullmatch(name)
    return name if match is None else match[7]


def read_folder(path: Path) -> CallFolder:
    """Blocking. Raises OSError where it cannot be read."""
    file = CallFile.read(path)
    tracks = {track.file: track for track in _tracks(file)}
    with os.scandir(path) as entries:
        names = {each.name for each in entries if is_recording(each.name)}
    ordered = [name for name in tracks if name in names] + sorted(names - tracks.keys())
    recordings = [
        RecordingFile(
            path / name,
            (path / name).lstat().st_size,
            condition(path / name),
            tracks.get(name, Track(name)),
            name in tracks,
        )
        for name in ordered
    ]
    return CallFolder(path, id_of(path.name), _began(path, file), file, tuple(recordings))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _began(path: Path, file: CallFile | None) -> str:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return "" if file is None else file.began
    year, month, day, hour, minute, second, _ = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"


def _tracks(file: CallFile | None) -> Iterator[Track]:
    """Those that are as they should be; a damaged one is left out."""
    tracks: list[Any] = [] if file is None else file.tracks
    for each in tracks:
        with contextlib.suppress(msgspec.ValidationError):
            track = msgspec.convert(each, Track)
            if abs(track.offset) <= _FURTHEST:
                yield track
