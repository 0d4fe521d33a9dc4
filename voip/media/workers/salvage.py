"""Closes the recording that a worker had open when it died."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from voip.media.events import Recording, RecordingEnd
from voip.media.files import free_name
from voip.media.ogg import OggOpusWriter
from voip.media.repair import recordings_in, repair_now
from voip.media.sound_errors import NotRepairable

log = logging.getLogger(__name__)

PARTS = ("screen", "played")
"""How the names of files begin that are never the first of a recording."""


async def salvage(
    folder: Path, known: Collection[Path], grown: Recording | None = None
) -> Recording:
    """Repair, in a thread, what is in the call's folder beside the recordings that had ended
    before. `grown`: as the recording was last told to stand. Never raises: somebody waits to hear
    that the recording has ended."""
    return await asyncio.to_thread(_salvage, folder, frozenset(known), grown)


def _salvage(folder: Path, known: frozenset[Path], grown: Recording | None) -> Recording:
    try:
        found = [_repaired(path) for path in recordings_in(folder) if path not in known]
        repaired = [recording for recording in found if recording is not None]
        if not repaired:
            return _empty(folder)
    except OSError as error:
        log.error("a dead worker's recording could not be read: %s", type(error).__name__)
        path = folder / "audio.ogg"
        return Recording(path, "audio/ogg", 0.0, 0, RecordingEnd.WRITE_FAILED)
    told = {} if grown is None else {one.path: one for one in (grown, *grown.parts)}
    placed = [_placed(one, told.get(one.path)) for one in repaired]
    # Sound, or sound and camera, is the recording; screens and what we sent are its parts.
    first = None if grown is None else grown.path
    placed.sort(key=lambda one: (one.path != first, one.path.name.startswith(PARTS)))
    return replace(placed[0], parts=tuple(placed[1:]))


def _placed(recording: Recording, told: Recording | None) -> Recording:
    """With what no file says of itself."""
    if told is None:
        return recording
    return replace(recording, offset=told.offset, direction=told.direction, marks=told.marks)


def _repaired(path: Path) -> Recording | None:
    with contextlib.suppress(NotRepairable):
        return repair_now(path)
    return None


def _empty(folder: Path) -> Recording:
    """Nothing had reached the disk: a recording of nothing, as where nobody has spoken."""
    path = folder / f"{free_name(folder, 'audio', '.ogg')}.ogg"
    OggOpusWriter(path).close()
    return Recording(path, "audio/ogg", 0.0, path.stat().st_size, RecordingEnd.REPAIRED)
