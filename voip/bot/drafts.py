"""What leaves after a call, as drafts for the outbox: pure. A key names one thing for ever, so that
whoever finds the same recording again does not send it twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from voip.media.events import Recording
from voip.store.outbox_records import Draft, Kind


def post_key(folder: str, file: str) -> str:
    return f"post:{folder}/{file}"


def copy_key(target: str, folder: str, file: str) -> str:
    return f"copy:{target}:{folder}/{file}"


def post(room_id: str, recording: Recording, maybe_sent: float | None = None) -> Draft:
    """A recording, to be posted into its room."""
    folder, file = recording.path.parent.name, recording.path.name
    payload = {
        "folder": folder,
        "file": file,
        "room_id": room_id,
        "mime_type": recording.mime_type,
        "seconds": recording.seconds,
        "width": recording.width,
        "height": recording.height,
    }
    return Draft(Kind.POST, post_key(folder, file), f"room:{room_id}", payload, maybe_sent)


def notice(key: str, room_id: str, body: str) -> Draft:
    payload = {"room_id": room_id, "body": body}
    return Draft(Kind.NOTICE, f"notice:{key}", f"room:{room_id}", payload)


def redaction(room_id: str, folder: str, file: str, event_id: str | None, reason: str) -> Draft:
    """Takes a recording out of its room, whether it is there already or is about to be posted."""
    of = post_key(folder, file)
    payload = {"of": of, "room_id": room_id, "event_id": event_id, "reason": reason}
    return Draft(Kind.REDACTION, f"redaction:{of}", f"room:{room_id}", payload)


def copy(target: str, path: Path) -> Draft:
    """A file of a call, into a storage target."""
    folder, file = path.parent.name, path.name
    payload = {"target": target, "folder": folder, "file": file}
    return Draft(Kind.COPY, copy_key(target, folder, file), f"store:{target}", payload)


def erasure(target: str, folder: str, file: str, reason: str) -> Draft:
    """Takes a file out of a storage target, whether it is there already or under way."""
    of = copy_key(target, folder, file)
    payload = {"of": of, "target": target, "folder": folder, "file": file, "reason": reason}
    return Draft(Kind.ERASURE, f"erasure:{of}", f"store:{target}", payload)


def after_call(
    room_id: str,
    recordings: Iterable[Recording],
    call_file: Path,
    *,
    posted: bool,
    targets: Iterable[str],
) -> list[Draft]:
    """Everything that is to become of a call's recordings."""
    found = list(recordings)
    drafts = [post(room_id, recording) for recording in found] if posted else []
    paths = [*(recording.path for recording in found), call_file]
    return drafts + [copy(target, path) for target in targets for path in paths]
