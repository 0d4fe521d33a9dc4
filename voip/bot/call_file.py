"""`call.json`: what is known of a call, beside its recordings.

Written when the folder is made and again when the call is over, so that what a crash left behind
still says whose it is. Written beside and renamed, so that it is never half there.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from voip.media.events import MediaStats, Recording
from voip.signalling.commands import Ended
from voip.store.records import Direction

if TYPE_CHECKING:
    from voip.bot.call_state import CallState

log = logging.getLogger(__name__)

NAME = "call.json"
FORMAT = 1
FULL: Final = {errno.ENOSPC, errno.EDQUOT}
WRITE_AGAIN: Final = 5.0
"""Seconds between tries to write the last of a call on a full disk."""


@dataclass(slots=True)
class CallFile:
    """Times are UTC, durations seconds; what is not known is None."""

    id: str
    """Our own id, as in the folder's name."""
    room_id: str
    call_id: str
    direction: str
    caller: str
    callee: str
    began: str
    peer_party_id: str | None = None
    answered: str | None = None
    established: str | None = None
    ended: str | None = None
    seconds: float | None = None
    """From established to ended."""
    end: dict[str, str | None] | None = None
    media: dict[str, Any] | None = None
    """What the network did, in figures; None as long as the call goes on."""
    inbox: str | None = None
    """The room that the recordings are posted into, where that is not the call's."""
    tracks: list[dict[str, Any]] = field(default_factory=list)
    """The files, see `set_track`."""
    consent: dict[str, Any] | None = None
    """How the other side agreed to being recorded, and whether it took that back; see
    `consent.Consent`. None where nothing was recorded by a bot that asks."""

    words: str | None = None
    """The event that has the words of the recordings, beside them."""

    @property
    def posts_into(self) -> str:
        """The room of the recordings."""
        return self.inbox or self.room_id

    @property
    def peer(self) -> str:
        """The other side's user id."""
        return self.caller if self.direction == "inbound" else self.callee

    def set_end(self, end: Ended) -> None:
        self.end = {
            "reason": end.reason.name.lower(),
            "text": end.reason.value,
            "by": end.by.name.lower(),
            "wire_reason": end.wire_reason,
        }

    def set_media(self, stats: MediaStats) -> None:
        """Without addresses: a path is told by its kinds."""
        seconds, pair = stats.seconds, stats.pair
        self.media = {
            "connected": stats.connected,
            "seconds": round(seconds, 1),
            "packets_received": stats.packets_received,
            "packets_lost": stats.packets_lost,
            "packets_sent": stats.packets_sent,
            "lost_by_peer": stats.lost_by_peer,
            "bytes_received": stats.bytes_received,
            "bytes_sent": stats.bytes_sent,
            "jitter": round(stats.jitter, 4),
            "round_trip": _rounded(stats.round_trip, 4),
            "mos": _rounded(stats.mos, 2),
            "mos_of_peer": _rounded(stats.mos_of_peer, 2),
            "interruptions": stats.interruptions,
            "path": pair and f"{pair.local.kind} - {pair.remote.kind} ({pair.local.transport})",
        }

    def set_crashed(self, now: datetime) -> None:
        """The process died in the middle; `now` is when that was found out."""
        self.ended = self.ended or stamp(now)
        self.end = self.end or {
            "reason": "crashed",
            "text": "the bot's process ended in the middle of the call",
            "by": "fault",
            "wire_reason": None,
        }

    def set_track(self, recording: Recording, event_id: str | None = None) -> None:
        """Add a recording, or what became of it; known by its file name."""
        entry: dict[str, Any] = {
            "file": recording.path.name,
            "mime_type": recording.mime_type,
            "seconds": round(recording.seconds, 3),
            "bytes": recording.size,
            "ended": recording.ended.value,
            "direction": recording.direction.value,
            "event_id": event_id,
        }
        if recording.width is not None:
            entry |= {"width": recording.width, "height": recording.height}
        if recording.offset:
            entry["offset"] = round(recording.offset, 3)
        if recording.marks:
            entry["marks"] = [
                {"kind": m.kind.value, "begin": round(m.begin, 3), "end": round(m.end, 3)}
                for m in recording.marks
            ]
        for at, known in enumerate(self.tracks):
            if known["file"] == entry["file"]:
                entry["event_id"] = event_id or known.get("event_id")
                for key in ("offset", "marks"):  # who repairs a file knows nothing of the others
                    if key in known:
                        entry.setdefault(key, known[key])
                self.tracks[at] = entry
                return
        self.tracks.append(entry)

    @property
    def revoked(self) -> bool:
        """Whether the other side took its consent back: nothing of the call may be kept."""
        return bool((self.consent or {}).get("revoked"))

    def set_revoked(self, by: str, how: str, now: datetime) -> bool:
        """Note who took the consent back; False where that was so already."""
        if self.revoked:
            return False
        self.consent = (self.consent or {}) | {"revoked": {"at": stamp(now), "by": by, "how": how}}
        return True

    def set_notice(self, event_id: str) -> bool:
        """The room has been told; False where nobody was asked."""
        if self.consent is None:
            return False
        self.consent["notice"] = event_id
        return True

    def set_words(self, event_id: str) -> bool:
        self.words = event_id
        return True

    def set_posted(self, name: str, event_id: str) -> bool:
        """A file is in its room; False where there is no such file."""
        tracks = [track for track in self.tracks if track.get("file") == name]
        for track in tracks:
            track["event_id"] = event_id
        return bool(tracks)

    def write(self, folder: Path) -> None:
        """Blocking. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        fields = {"format": FORMAT} | {name: getattr(self, name) for name in self.__slots__}
        beside = folder / f".{NAME}.new"
        with beside.open("w", encoding="utf-8") as file:
            json.dump(fields, file, indent=2, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> CallFile | None:
        """Blocking. None where there is none, or none that can be read."""
        try:
            return msgspec.json.decode((folder / NAME).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError, RecursionError):
            return None


def call_file_of(call: CallState, our_user_id: str) -> CallFile:
    """What is to be written about a call as things stand."""
    outbound = call.direction is Direction.OUTBOUND
    theirs = call.peer_user_id
    marks = call.marks

    def at(mark: float | None) -> str | None:
        if mark is None:
            return None
        return stamp(call.began_at + timedelta(seconds=mark - marks.began))

    file = CallFile(
        id=call.id,
        room_id=call.key.room_id,
        call_id=call.key.call_id,
        direction=call.direction.value,
        caller=our_user_id if outbound else theirs,
        callee=theirs if outbound else our_user_id,
        began=stamp(call.began_at),
        peer_party_id=call.peer.party_id if call.peer else None,
        answered=at(marks.answered),
        established=at(marks.established),
        ended=at(marks.ended),
        seconds=marks.talked(),
        inbox=call.inbox,
        consent=None if call.consent is None else call.consent.as_fields(),
    )
    if call.end is not None:
        file.set_end(call.end)
    if call.media is not None:
        file.set_media(call.media)
    under_way = () if call.under_way is None else (call.under_way, *call.under_way.parts)
    for recording in (*call.recordings, *under_way):
        file.set_track(recording)
    return file


async def write_file(file: CallFile, folder: Path, *, last: bool = False) -> None:
    """What cannot be written is logged. `last`: the call is over and nobody else will write it, so
    this waits as long as it takes until a full disk has room."""
    while True:
        try:
            return await asyncio.to_thread(file.write, folder)
        except OSError as error:
            if not last or error.errno not in FULL:
                log.error("call.json in %s could not be written: %s", folder.name, error.strerror)
                return None
        await asyncio.sleep(WRITE_AGAIN)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
