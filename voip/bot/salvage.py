"""Closes and repairs what a crash left in a call's folder."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from voip.bot.call_file import CallFile, write_file
from voip.media.events import Recording
from voip.media.repair import repair
from voip.media.sound_errors import NotRepairable

log = logging.getLogger(__name__)

MEDIA_FILES = (
    "audio*.ogg",
    "video*.webm",
    "video*.mkv",
    "screen*.webm",
    "screen*.mkv",
    "played*.ogg",
)


async def salvage(folder: Path) -> tuple[CallFile | None, list[Recording]]:
    """Close and repair what a crash left in a call's folder."""
    file = await asyncio.to_thread(CallFile.read, folder)
    paths = await asyncio.to_thread(
        lambda: sorted(path for pattern in MEDIA_FILES for path in folder.glob(pattern))
    )
    recordings = []
    for path in paths:
        try:
            recordings.append(await repair(path))
        except (OSError, NotRepairable) as error:
            log.error("%s in %s could not be repaired: %s", path.name, folder.name, error)
    if file is not None:
        file.set_crashed(datetime.now(UTC))
        for recording in recordings:
            file.set_track(recording)
        await write_file(file, folder)
    return file, recordings
