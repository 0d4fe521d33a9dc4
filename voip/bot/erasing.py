"""Deleting recordings everywhere: here, in their rooms, in the storage targets.

What has to go is written into the outbox first, so that a kill in between leaves nothing behind.
Recordings go when consent is taken back (`call.json` stays, and says so), and when they are older
than the policy allows (then the whole folder goes).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from voip.bot import drafts
from voip.bot.call_file import NAME
from voip.bot.call_folders import CallFolder, folder_names, read_folder
from voip.bot.keeping import KeepingSettings
from voip.store.outbox_records import Draft

log = logging.getLogger(__name__)

EXPIRED = "older than recordings are kept here"
REVOKED = "the consent to the recording was taken back"


def erasures_of(
    call: CallFolder, targets: Iterable[str], reason: str, *, whole: bool
) -> list[Draft]:
    """What takes a call's recordings away, as far as they are known: pure.

    :param whole: `call.json`, too.
    """
    if call.file is None:
        return []
    tracks = {one.path.name: one.track.event_id for one in call.recordings}
    for track in call.file.tracks:  # those whose file is gone may still be in the room
        tracks.setdefault(str(track.get("file")), track.get("event_id"))
    room_id, name = call.file.posts_into, call.path.name
    made = drafts.erasures(room_id, name, tracks, targets, reason)
    made.append(drafts.redaction_of_words(room_id, name, call.file.words, reason))
    if whole:
        places = (*targets, drafts.LOCAL)
        made += [drafts.erasure(place, call.path.name, NAME, reason) for place in places]
    return made


def delete_here(call: CallFolder) -> None:
    """Take a whole call out of the data folder. Blocking. Raises OSError."""
    for path in (*(one.path for one in call.recordings), call.path / NAME):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # somebody put more into it
        call.path.rmdir()


def is_expired(call: CallFolder, settings: KeepingSettings, now: datetime) -> bool:
    """By the policy as it is today for its room and its other side. A call that is not over is
    never too old, nor is one of which nobody knows where it belongs."""
    if call.file is None or call.file.ended is None:
        return False
    policy = settings.policy_of(call.file.room_id, call.file.peer)
    began = moment(call.began)
    if policy.retention is None or began is None:
        return False
    return (now - began).total_seconds() > policy.retention


def expired(recordings: Path, settings: KeepingSettings, now: datetime) -> list[CallFolder]:
    """The calls whose time has come, the newest first. Blocking. Raises OSError."""
    shortest = shortest_retention(settings)
    if shortest is None:
        return []
    found = []
    for name in folder_names(recordings):
        began = moment(name[:16])
        if began is not None and (now - began).total_seconds() <= shortest:
            continue
        try:
            call = read_folder(recordings / name)
        except OSError as error:
            log.error("%s cannot be read, and is kept: %s", name, error.strerror)
            continue
        if is_expired(call, settings, now):
            found.append(call)
    return found


def shortest_retention(settings: KeepingSettings) -> float | None:
    """Seconds; None where everything is kept for ever."""
    given = [settings.policy.retention, *(rule.changes.get("retention") for rule in settings.rules)]
    return min((each for each in given if each is not None), default=None)


def moment(text: str) -> datetime | None:
    """Of a call's beginning, as its folder's name or `CallFolder.began` has it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
