"""The loop that asks the homeserver what is new, through everything that can go wrong.

The position is kept on disk only after a whole response has been delivered, so after a crash the
last one comes again rather than never.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from voip.matrix.backoff import Backoff
from voip.matrix.errors import MatrixError, RequestRefusedError, ServerTroubleError, TransientError
from voip.matrix.folder import Folder
from voip.matrix.http import Json, path
from voip.matrix.intake import Intake
from voip.matrix.session import Session
from voip.matrix.settling import QUIET
from voip.matrix.timeline import sync_filter

log = logging.getLogger(__name__)

LONG_POLL = 30.0
"""Seconds for which the homeserver may keep a request when nothing happens."""
ANSWER_WITHIN = 15.0
"""Seconds on top of that, after which the connection is taken for dead: calls wait for it."""
FIRST_WITHIN = 120.0
"""The same for the first response, which may hold many rooms."""
LONGEST_WAIT = 10.0
"""Seconds between tries while the homeserver is down; a call may come as soon as it is up."""


@dataclass(slots=True)
class SyncCounts:
    """For metrics."""

    responses: int = 0
    failures: int = 0
    last_at: float | None = None
    """When the last response had been taken, in seconds of the event loop's clock."""


class SyncLoop:
    """`run` until cancelled. `ready` is set when the first response has been delivered."""

    def __init__(
        self,
        session: Session,
        folder: Folder,
        intake: Intake,
        upkeep: Callable[[], Coroutine[Any, Any, None]],
        *,
        verification: bool = False,
    ) -> None:
        """:param verification: see `sync_filter`."""
        self._session = session
        self._folder = folder
        self._intake = intake
        self._upkeep = upkeep
        self._since: str | None = None
        self._filter = json.dumps(sync_filter(verification=verification), separators=(",", ":"))
        self.ready = asyncio.Event()
        self.counts = SyncCounts()

    async def run(self) -> None:
        """:raises LoggedOutError: the homeserver ended the session for good."""
        self._since = await asyncio.to_thread(self._folder.position, self._session.device_id)
        upkeep: asyncio.Task[None] | None = None
        late = asyncio.create_task(self._release_late(), name="late keys")
        backoff = Backoff(longest=LONGEST_WAIT)
        try:
            while True:
                try:
                    response = await self._ask()
                except (TransientError, RequestRefusedError) as error:
                    self.counts.failures += 1
                    await self._recover(error, backoff)
                    continue
                backoff.reset()
                await self._take(response)
                if upkeep is None or upkeep.done():
                    upkeep = asyncio.create_task(self._upkeep(), name="key upkeep")
        finally:
            owned = [task for task in (upkeep, late) if task is not None]
            for task in owned:
                task.cancel()
            await asyncio.gather(*owned, return_exceptions=True)

    async def _ask(self) -> Json:
        params = {"filter": self._filter}
        if self._since is not None:
            params["since"] = self._since
        # nio keeps room state in memory only, so a new process asks for all of it once, and the
        # first response shall come at once.
        wait = LONG_POLL if self.ready.is_set() else 0.0
        if self._intake.settling:
            wait = QUIET
        params["timeout"] = str(int(wait * 1000))
        if not self.ready.is_set():
            params["full_state"] = "true"
        within = wait + ANSWER_WITHIN if self.ready.is_set() else FIRST_WITHIN
        answer = await self._session.request("GET", path("sync"), params=params, timeout=within)
        if not isinstance(answer.get("next_batch"), str):
            raise ServerTroubleError("The homeserver's sync response has no next_batch")
        return answer

    async def _recover(self, error: MatrixError, backoff: Backoff) -> None:
        if isinstance(error, RequestRefusedError) and error.status == 400 and self._since:
            # The position is from a database that the server no longer has.
            log.warning("The homeserver does not know our position any more; reading anew")
            self._since = None
        wait = backoff.after(error)
        log.warning("Sync failed (%s); again in %.1f s", error, wait)
        await asyncio.sleep(wait)

    async def _take(self, response: Json) -> None:
        at = asyncio.get_running_loop().time()
        try:
            await self._intake.take(response, self._since, at)
        except MatrixError as error:
            log.warning("Part of a sync response was lost: %s", error)
        except Exception:
            # Taken again, it would fail again: a response must not be able to stop the loop.
            log.exception("Part of a sync response was lost")
        self._since = response["next_batch"]
        self.counts.responses += 1
        self.counts.last_at = asyncio.get_running_loop().time()
        self.ready.set()
        try:
            await asyncio.to_thread(
                self._folder.keep_position, self._session.device_id, self._since
            )
        except OSError as error:
            log.warning("The sync position could not be kept: %s", error.strerror)

    async def _release_late(self) -> None:
        """Deliver what waited for a key long enough, also when no response comes."""
        while True:
            wait = self._intake.next_release()
            await asyncio.sleep(1.0 if wait is None else min(max(wait, 0.05), 1.0))
            if wait is not None:
                await self._intake.release_late()
