"""Into rooms: recordings, notices, and taking a post out again.

Where a kill may fall, for a recording:

- before the upload is noted: it is uploaded again. The first copy stays on the homeserver, where no
  event shows it.
- after that: the noted content is posted, so the file itself is not needed any more.
- after the post has left: `must_look_first` says whether the transaction id still protects us; if
  not, the room is searched for our mark.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final

from voip.delivery.errors import Postponed, Refused
from voip.delivery.steps import must_look_first
from voip.delivery.worker import Job
from voip.matrix.edge import MatrixEdge
from voip.matrix.errors import (
    HistoryTooLongError,
    MatrixError,
    RateLimitedError,
    SendRefusedError,
    UploadRefusedError,
)
from voip.matrix.files import MediaFile
from voip.media.sound_errors import SoundError
from voip.media.waveform import waveform
from voip.store.outbox import Outbox
from voip.store.outbox_records import State

log = logging.getLogger(__name__)

SEND_WITHIN: Final = 30.0
"""Seconds for one try; the outbox tries again after it."""
CLOCKS_DIFFER: Final = 3600.0
"""Seconds that a homeserver's clock may differ from ours."""
NOW_KNOWN: Final = "what became of the post that it takes back is not known yet"


class RoomDelivery:
    """The handlers of `POST`, `NOTICE` and `REDACTION`."""

    def __init__(self, matrix: MatrixEdge, outbox: Outbox, recordings: Path) -> None:
        self._matrix = matrix
        self._outbox = outbox
        self._recordings = recordings

    async def post(self, job: Job) -> str | None:
        """A recording; the event's id. Its payload is `folder`, `file`, `room_id`, `mime_type`,
        `seconds`, and `width` and `height` of a picture."""
        return await _translated(self._post(job))

    async def notice(self, job: Job) -> str | None:
        """A text; its payload is `room_id` and `body`."""
        return await _translated(self._notice(job))

    async def redact(self, job: Job) -> str | None:
        """Takes back what the entry with the key `of` posted, or `event_id` where there is no such
        entry any more; its payload has a `room_id` and a `reason` too."""
        return await _translated(self._redact(job))

    async def _post(self, job: Job) -> str:
        if found := await self._posted_before(job):
            return found
        content = job.progress.get("content")
        if content is None:
            content = await self._upload(job)
        return await self._send(job, content)

    async def _notice(self, job: Job) -> str:
        if found := await self._posted_before(job):
            return found
        content = {"msgtype": "m.notice", "body": job.entry.payload["body"]}
        return await self._send(job, content)

    async def _posted_before(self, job: Job) -> str | None:
        entry = job.entry
        if not must_look_first(entry, self._outbox.now(), self._matrix.device_id):
            return None
        assert entry.sent is not None  # noqa: S101  # else there is nothing to look for
        since = entry.sent - CLOCKS_DIFFER
        return await self._matrix.find_posted(entry.payload["room_id"], entry.id, since)

    async def _upload(self, job: Job) -> dict[str, Any]:
        payload = job.entry.payload
        path = self._recordings / payload["folder"] / payload["file"]
        audio = payload["mime_type"].startswith("audio/")
        file = MediaFile(
            path=path,
            mimetype=payload["mime_type"],
            name=shown_name(path),
            duration=payload["seconds"],
            width=payload.get("width"),
            height=payload.get("height"),
            waveform=await _waveform(path) if audio else (),
            voice=audio,
        )
        content = await self._matrix.upload(payload["room_id"], file, within=0)
        await job.keep(content=content)
        return content

    async def _send(self, job: Job, content: dict[str, Any]) -> str:
        await job.leaves(device=self._matrix.device_id)
        entry = job.entry
        return await self._matrix.post(entry.payload["room_id"], content, entry.id, SEND_WITHIN)

    async def _redact(self, job: Job) -> str | None:
        payload = job.entry.payload
        event_id = await self._to_be_redacted(job)
        if event_id is None:
            return None
        return await self._matrix.redact(
            payload["room_id"], event_id, payload["reason"], job.entry.id, SEND_WITHIN
        )

    async def _to_be_redacted(self, job: Job) -> str | None:
        """None where nothing is in the room, and nothing will be."""
        payload = job.entry.payload
        post = await self._outbox.withdraw(payload["of"], payload["reason"])
        if post is None or post.result is not None:
            return (post and post.result) or payload.get("event_id")
        if post.sent is None:
            return None
        if post.state is State.WAITING:
            raise Postponed(NOW_KNOWN)
        since = post.sent - CLOCKS_DIFFER
        return await self._matrix.find_posted(payload["room_id"], post.id, since)


async def _translated(work: Awaitable[str | None]) -> str | None:
    """What the homeserver says, in the terms of a delivery."""
    try:
        return await work
    except (SendRefusedError, UploadRefusedError, HistoryTooLongError) as error:
        raise Refused(str(error)) from error
    except RateLimitedError as error:
        raise Postponed(str(error), error.retry_after) from error
    except MatrixError as error:  # not in the room, too: who removed us may invite us again
        raise Postponed(str(error)) from error
    except FileNotFoundError as error:
        raise Refused("the file is gone from the data folder") from error
    except OSError as error:
        raise Postponed(f"the file cannot be read: {error.strerror}") from error


def shown_name(path: Path) -> str:
    """Under which a recording is shown in the room."""
    kind = next((f"-{kind}" for kind in ("screen", "played") if path.stem.startswith(kind)), "")
    return f"{path.parent.name}{kind}{path.suffix}"


async def _waveform(path: Path) -> tuple[int, ...]:
    try:
        return (await waveform(path)).values
    except SoundError as error:  # posted without a picture rather than not at all
        log.warning("no waveform could be drawn: %s", error)
        return ()
