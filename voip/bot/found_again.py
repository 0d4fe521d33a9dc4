"""Recordings on the disk that no store knows of, after one was damaged and begun anew."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from voip.bot.call_folders import CallFolder, folder_names, read_folder
from voip.bot.deliveries import Deliveries
from voip.bot.erasing import moment
from voip.bot.phone import Phone
from voip.bot.salvage import salvage

log = logging.getLogger(__name__)

MAX_AGE: Final = 14 * 24 * 3600.0
"""Seconds from the beginning of a call within which its recordings are looked after again."""


async def find_again(phone: Phone, deliveries: Deliveries) -> int:
    """Where a store was lost: put what `call.json` does not say to be posted; how many calls.

    Whether it was posted nobody knows then, so the rooms are searched first.
    """
    if phone.journal.lost is None and deliveries.outbox.lost is None:
        return 0
    now = datetime.now(UTC)
    names = await asyncio.to_thread(_lately, phone.recordings, now)
    count = 0
    for name in names:
        count += await _look_after(phone, deliveries, phone.recordings / name)
    log.warning("a store was lost: the recordings of %d calls are on their way again", count)
    return count


async def _look_after(phone: Phone, deliveries: Deliveries, folder: Path) -> bool:
    try:
        call = await asyncio.to_thread(read_folder, folder)
    except OSError as error:
        log.error("%s cannot be read, and is left as it is: %s", folder.name, error.strerror)
        return False
    if not _is_open(call):
        return False
    file, recordings = await salvage(folder)
    if file is None:
        return False
    known = {track["file"] for track in file.tracks if track.get("event_id")}
    missing = [one for one in recordings if one.path.name not in known]
    began = moment(call.began)
    at = None if began is None else began.timestamp()
    await deliveries.put(deliveries.after_call(file, missing, folder, maybe_sent=at))
    return True


def _is_open(call: CallFolder) -> bool:
    """Whether something of it may have to leave still."""
    if call.file is None:
        log.error("nobody knows where the recordings in %s belong: they stay", call.path.name)
        return False
    return any(one.track.event_id is None for one in call.recordings)


def _lately(recordings: Path, now: datetime) -> list[str]:
    names = folder_names(recordings)
    return [
        name
        for name in names
        if (began := moment(name[:16])) and (now - began).total_seconds() < MAX_AGE
    ]
