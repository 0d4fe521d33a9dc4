"""What leaves after a call, as drafts for the outbox: pure. A key names one thing for ever, so that
whoever finds the same recording again does not send it twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from voip.bot.call_file import CallFile
from voip.delivery.webhooks import event_draft
from voip.media.events import Recording
from voip.signalling.ids import CallKey
from voip.store.outbox_records import Draft, Kind

LOCAL = "local"
"""The data folder, as a target that things are taken out of."""


def post_key(folder: str, file: str) -> str:
    return f"post:{folder}/{file}"


def copy_key(target: str, folder: str, file: str) -> str:
    return f"copy:{target}:{folder}/{file}"


def post(
    room_id: str,
    recording: Recording,
    maybe_sent: float | None = None,
    key: CallKey | None = None,
) -> Draft:
    """A recording, to be posted into its room; `key` is its call's, for whoever watches."""
    folder, file = recording.path.parent.name, recording.path.name
    payload = {
        "folder": folder,
        "file": file,
        "room_id": room_id,
        "mime_type": recording.mime_type,
        "seconds": recording.seconds,
        "width": recording.width,
        "height": recording.height,
        "call": None if key is None else [key.room_id, key.call_id],
    }
    return Draft(Kind.POST, post_key(folder, file), f"room:{room_id}", payload, maybe_sent)


def notice(key: str, room_id: str, body: str, **more: str) -> Draft:
    """A text into a room; `more` is for whoever finds the notice again."""
    payload = {"room_id": room_id, "body": body, **more}
    return Draft(Kind.NOTICE, f"notice:{key}", f"room:{room_id}", payload)


def words_key(folder: str) -> str:
    return f"words:{folder}"


def words(room_id: str, folder: str, body: str) -> Draft:
    """What is said in the recordings of a call, beside them; they go together."""
    return notice(words_key(folder), room_id, body, words=folder)


def redaction(room_id: str, folder: str, file: str, event_id: str | None, reason: str) -> Draft:
    """Takes a recording out of its room, whether it is there already or is about to be posted."""
    return _redaction(post_key(folder, file), room_id, event_id, reason)


def redaction_of_words(room_id: str, folder: str, event_id: str | None, reason: str) -> Draft:
    return _redaction(f"notice:{words_key(folder)}", room_id, event_id, reason)


def _redaction(of: str, room_id: str, event_id: str | None, reason: str) -> Draft:
    payload = {"of": of, "room_id": room_id, "event_id": event_id, "reason": reason}
    return Draft(Kind.REDACTION, f"redaction:{of}", f"room:{room_id}", payload)


def copy(target: str, path: Path) -> Draft:
    """A file of a call, into a storage target."""
    folder, file = path.parent.name, path.name
    payload = {"target": target, "folder": folder, "file": file}
    return Draft(Kind.COPY, copy_key(target, folder, file), f"store:{target}", payload)


def erasure(target: str, folder: str, file: str, reason: str) -> Draft:
    """Takes a file out of a storage target, or of the data folder (`LOCAL`), whether it is there
    already or under way."""
    of = copy_key(target, folder, file)
    payload = {"of": of, "target": target, "folder": folder, "file": file, "reason": reason}
    return Draft(Kind.ERASURE, f"erasure:{of}", f"store:{target}", payload)


def erasures(
    room_id: str, folder: str, tracks: Mapping[str, str | None], targets: Iterable[str], reason: str
) -> list[Draft]:
    """Everything that has to go for a call's recordings to be gone.

    :param tracks: the files, each with the event that shows it, as far as that is known.
    """
    return [
        draft
        for file, event_id in tracks.items()
        for draft in (
            redaction(room_id, folder, file, event_id, reason),
            *(erasure(target, folder, file, reason) for target in (LOCAL, *targets)),
        )
    ]


def ready(file: CallFile, recording: Recording, now: float) -> Draft:
    """The webhook that says that a recording is complete."""
    folder, name = recording.path.parent.name, recording.path.name
    facts = {
        "folder": folder,
        "file": name,
        "mime_type": recording.mime_type,
        "seconds": round(recording.seconds, 3),
        "bytes": recording.size,
    }
    key = f"recording.ready:{folder}/{name}"
    return event_draft(key, "recording.ready", now, call_facts(file), recording=facts)


def posted(file: CallFile, name: str, event_id: str, now: float) -> Draft:
    """The webhook that says that a recording is in its room."""
    key = f"recording.posted:{file.id}/{name}"
    facts = {"file": name, "event_id": event_id}
    return event_draft(key, "recording.posted", now, call_facts(file), recording=facts)


def crashed(file: CallFile, now: float) -> Draft:
    """The webhook that says how a call ended in which the bot was killed."""
    end = {"reason": "crashed", "by": "fault"}
    return event_draft(f"call.ended:{file.id}", "call.ended", now, call_facts(file), end=end)


def call_facts(file: CallFile) -> dict[str, Any]:
    """What an event says of its call. The id is our own, as in the folder's name and the trace."""
    return {
        "id": file.id,
        "room_id": file.room_id,
        "direction": file.direction,
        "peer": file.peer,
    }
