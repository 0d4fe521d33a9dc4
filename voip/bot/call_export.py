"""One file out of the recordings of a call: which of its files have what, and where they belong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from voip.bot.call_folders import CallFolder, RecordingFile
from voip.media.condition import Condition
from voip.media.export.errors import NothingToExport, UnreadableRecording
from voip.media.export.order import Exported, Format, Side, Source
from voip.media.export.probe import probe
from voip.media.export.process import export

_OURS: Final = "played"
_SCREEN: Final = "screen"
_PICTURES: Final = {".webm", ".mkv"}
_COVERED: Final = 0.5
"""Of a file's length: where so much of it was heard in another, its sound is that one's."""


async def export_call(
    call: CallFolder,
    target: Path,
    wanted: Format,
    *,
    track: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Exported:
    """Mix what was recorded of a call into `target`; or `track` alone, which names a file.

    See `voip.media.export.process.export` for the rest. Raises ExportError.
    """
    wanted_of_it = await asyncio.to_thread(sources, call, track)
    return await export(wanted_of_it, target, wanted, progress=progress)


def sources(call: CallFolder, track: str | None = None) -> list[Source]:
    """Blocking, for a moment. Raises NothingToExport."""
    if track is not None:
        return [_alone(call, track)]
    files = [one for one in call.recordings if one.condition not in _NOTHING]
    if not files:
        raise NothingToExport(f"nothing was recorded in the call {call.id}")
    return list(_placed(files))


_NOTHING: Final = {Condition.EMPTY, Condition.UNREADABLE}


def _alone(call: CallFolder, track: str) -> Source:
    for one in call.recordings:
        if track in {one.path.name, one.path.stem}:
            return Source(one.path, side=_side(one), shown=_has_picture(one))
    names = ", ".join(one.path.name for one in call.recordings) or "none"
    raise NothingToExport(f"there is no track {track} in the call {call.id}; there are: {names}")


def _placed(files: list[RecordingFile]) -> Iterator[Source]:
    """Each on the call's time line, with its sound once: a screen that was shared, and a camera
    that came late, have files of their own with the sound of their time in them too."""
    pictures = _pictures(files)
    base = end = 0.0
    heard: list[tuple[float, float]] = []
    for one in sorted(files, key=_order):
        if one.known and end and _begins_a_recording(one):
            base = end  # a call may be recorded more than once: one recording after the other
        begin = base + one.track.offset
        span = begin, begin + _seconds(one)
        ours = _side(one) is Side.OURS
        is_heard = ours or not _is_covered(span, heard)
        if is_heard and not ours:
            heard.append(span)
            end = max(end, span[1])
        yield Source(one.path, begin, _side(one), heard=is_heard, shown=one in pictures)


def _pictures(files: list[RecordingFile]) -> list[RecordingFile]:
    """The camera's, else those of screens."""
    pictures = [one for one in files if _has_picture(one)]
    cameras = [one for one in pictures if not one.path.name.startswith(_SCREEN)]
    return cameras or pictures


def _order(one: RecordingFile) -> tuple[bool, float]:
    """As `call.json` has them. Of those that it does not know, the longest has all of the sound."""
    return (not one.known, 0.0 if one.known else -_seconds(one))


def _begins_a_recording(one: RecordingFile) -> bool:
    return not one.track.offset and not one.path.name.startswith((_OURS, _SCREEN))


def _is_covered(span: tuple[float, float], heard: list[tuple[float, float]]) -> bool:
    begin, end = span
    if begin == end:  # its length is not known
        return any(first <= begin < last for first, last in heard)
    both = sum(max(0.0, min(end, last) - max(begin, first)) for first, last in heard)
    return both >= _COVERED * (end - begin)


def _seconds(one: RecordingFile) -> float:
    """As the file says. `call.json` has what it was when the file began, until the call is over."""
    with contextlib.suppress(UnreadableRecording):  # whoever reads it says so
        if found := probe(one.path).seconds:
            return found
    return one.track.seconds or 0.0


def _side(one: RecordingFile) -> Side:
    return Side.OURS if one.path.name.startswith(_OURS) else Side.THEIRS


def _has_picture(one: RecordingFile) -> bool:
    return one.path.suffix in _PICTURES
