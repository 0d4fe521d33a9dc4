"""Closes the recording that a worker had open when it died."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from voip.media.events import Recording, RecordingEnd
from voip.media.ogg import OggOpusWriter
from voip.media.parts import free_name
from voip.media.repair import recordings_in, repair_now
from voip.media.sound_errors import NotRepairable

log = logging.getLogger(__name__)


async def salvage(folder: Path, known: Collection[Path]) -> Recording:
    """Repair, in a thread, what is in the call's folder beside the recordings that had ended
    before. Never raises: somebody waits to hear that the recording has ended."""
    return await asyncio.to_thread(_salvage, folder, frozenset(known))


def _salvage(folder: Path, known: frozenset[Path]) -> Recording:
    try:
        found = [_repaired(path) for path in recordings_in(folder) if path not in known]
        repaired = [recording for recording in found if recording is not None]
        if not repaired:
            return _empty(folder)
    except OSError as error:
        log.error("a dead worker's recording could not be read: %s", type(error).__name__)
        path = folder / "audio.ogg"
        return Recording(path, "audio/ogg", 0.0, 0, RecordingEnd.WRITE_FAILED)
    # Sound, or sound and camera, is the recording; screens are its parts.
    repaired.sort(key=lambda recording: recording.path.name.startswith("screen"))
    return replace(repaired[0], parts=tuple(repaired[1:]))


def _repaired(path: Path) -> Recording | None:
    with contextlib.suppress(NotRepairable):
        return repair_now(path)
    return None


def _empty(folder: Path) -> Recording:
    """Nothing had reached the disk: a recording of nothing, as where nobody has spoken."""
    path = folder / f"{free_name(folder, 'audio', '.ogg')}.ogg"
    OggOpusWriter(path).close()
    return Recording(path, "audio/ogg", 0.0, path.stat().st_size, RecordingEnd.REPAIRED)
