"""Posts recordings into the room of their call, each exactly once, also across a crash."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from voip.bot.call_file import CallFile, write_file
from voip.matrix.edge import MatrixEdge
from voip.matrix.errors import MatrixError, SendRefusedError, UploadRefusedError
from voip.matrix.files import MediaFile
from voip.media.events import Recording
from voip.media.repair import repair
from voip.media.sound_errors import NotRepairable, SoundError
from voip.media.waveform import waveform
from voip.store.errors import StoreError
from voip.store.journal import Journal

log = logging.getLogger(__name__)

MEDIA_FILES = (
    "audio*.ogg",
    "video*.webm",
    "video*.mkv",
    "screen*.webm",
    "screen*.mkv",
    "played*.ogg",
)


class Poster:
    """Whatever goes wrong with one recording is logged, and its file stays where it is."""

    def __init__(self, matrix: MatrixEdge, journal: Journal, new_id: Callable[[], str]) -> None:
        self._matrix = matrix
        self._journal = journal
        self._new_id = new_id

    async def post(self, room_id: str, recording: Recording) -> str | None:
        """Post a recording; returns the event's id, or None where it is not posted now.

        What the homeserver refused for good is not tried again; what it could not take now is
        tried again on the next start.
        """
        path = recording.path
        txn_id = self._new_id()
        try:
            post = await self._journal.post_pending(path.parent.name, path.name, room_id, txn_id)
            if post.done:
                return None
            txn_id = post.txn_id
        except StoreError as error:
            log.error("the journal could not be written, posting without it: %s", error)
        try:
            event_id = await self._send(room_id, recording, txn_id)
        except (SendRefusedError, UploadRefusedError) as error:
            log.error("a recording was not posted, it stays in %s: %s", path.parent.name, error)
            event_id = None
        except (MatrixError, OSError) as error:
            log.error(
                "a recording was not posted, it stays in %s and the next start tries again: %s",
                path.parent.name,
                error,
            )
            return None
        try:
            await self._journal.post_done(txn_id)
        except StoreError as error:
            log.error("the journal could not be written: %s", error)
        return event_id

    async def _send(self, room_id: str, recording: Recording, txn_id: str) -> str:
        audio = recording.mime_type.startswith("audio/")
        values = await _waveform(recording.path) if audio else ()
        file = MediaFile(
            path=recording.path,
            mimetype=recording.mime_type,
            name=_name(recording.path),
            duration=recording.seconds,
            width=recording.width,
            height=recording.height,
            waveform=values,
            voice=audio,
        )
        return await self._matrix.post_file(room_id, file, txn_id)


def _name(path: Path) -> str:
    """Under which the file is shown in the room."""
    kind = next((f"-{kind}" for kind in ("screen", "played") if path.stem.startswith(kind)), "")
    return f"{path.parent.name}{kind}{path.suffix}"


async def _waveform(path: Path) -> tuple[int, ...]:
    try:
        return (await waveform(path)).values
    except SoundError as error:  # posted without a picture rather than not at all
        log.warning("no waveform could be drawn: %s", error)
        return ()


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
