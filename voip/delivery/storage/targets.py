"""The handlers of `COPY` and `ERASURE`, for whichever targets are set up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from voip.delivery.errors import Postponed, Refused
from voip.delivery.storage.sealing import SUFFIX
from voip.delivery.storage.source import Source
from voip.delivery.worker import Job
from voip.store.outbox import Outbox


class Target(Protocol):
    """A place for copies. What `store` leaves there under a name is whole, or is not there."""

    async def store(self, job: Job, source: Source, name: str) -> None:
        """Copy, going on where `job` says that an earlier try broke off; over what is there.
        Raises DeliveryError, OSError."""

    async def erase(self, name: str) -> None:
        """Take away what is there, also what is half there. Nothing there is no error. Raises
        DeliveryError, OSError."""


class Storage:
    def __init__(
        self,
        targets: Mapping[str, Target],
        outbox: Outbox,
        recordings: Path,
        key: bytes | None = None,
    ) -> None:
        """:param key: with which copies are sealed."""
        self._targets = targets
        self._outbox = outbox
        self._recordings = recordings
        self._key = key

    async def copy(self, job: Job) -> str:
        """Its payload is `target`, `folder` and `file`; the name under which the copy is kept."""
        payload = job.entry.payload
        target = self._target(job)
        path = self._recordings / payload["folder"] / payload["file"]
        try:
            before = job.progress.get("source")
            source = await asyncio.to_thread(Source.of, path, self._key, before)
            if source.as_fields() != before:
                await job.forget("source", "upload_id", "etags")
                await job.keep(source=source.as_fields())
            name = f"{payload['folder']}/{payload['file']}{source.suffix}"
            await target.store(job, source, name)
        except FileNotFoundError as error:
            raise Refused("the file is gone from the data folder") from error
        except OSError as error:
            raise Postponed(f"the copy cannot be made: {error.strerror}") from error
        return name

    async def erase(self, job: Job) -> None:
        """Its payload is that of the copy, with `of`, the copy's key, and a `reason`."""
        payload = job.entry.payload
        target = self._target(job)
        # The lane is the target's, so the copy is not being made at this moment.
        await self._outbox.withdraw(payload["of"], payload["reason"])
        for suffix in ("", SUFFIX):  # the key may have been set since, or taken away
            try:
                await target.erase(f"{payload['folder']}/{payload['file']}{suffix}")
            except OSError as error:
                raise Postponed(f"the copy cannot be removed: {error.strerror}") from error

    def _target(self, job: Job) -> Target:
        name = job.entry.payload["target"]
        target = self._targets.get(name)
        if target is None:
            raise Refused(f"the storage target {name} is not set up any more: see the settings")
        return target
