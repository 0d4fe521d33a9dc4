"""Drains the outbox: several lanes at once, one entry of a lane after the other.

    worker = Worker(outbox, {Kind.WEBHOOK: webhooks, ...}, on_done)
    owner.spawn(worker.run(), "outbox")

A handler gets a `Job`, does what its entry says, and returns the result. It raises `Postponed` or
`Refused`; anything else is a defect of ours, which costs this entry a try and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from voip.delivery.errors import Postponed, Refused
from voip.delivery.steps import Step, next_step, next_try
from voip.store.errors import StoreError
from voip.store.outbox import Outbox
from voip.store.outbox_records import Entry, Fields, Kind
from voip.tasks import TaskOwner

log = logging.getLogger(__name__)

AT_ONCE: Final = 6
LOOK_EVERY: Final = 5.0
"""Seconds: `voip outbox` changes entries from another process, which tells us nothing."""
PAUSE: Final = 10.0
"""Seconds for which nothing is tried while the outbox itself cannot be written."""


class Job:
    """One try at one entry."""

    def __init__(self, entry: Entry, outbox: Outbox) -> None:
        self.entry = entry
        self._outbox = outbox
        self._progress = dict(entry.progress)

    @property
    def progress(self) -> Fields:
        return self._progress

    async def keep(self, **progress: object) -> None:
        """Note what has been achieved; a later try finds it. On the disk on return."""
        self._progress |= progress
        await self._outbox.keep_progress(self.entry.id, self._progress)

    async def forget(self, *names: str) -> None:
        """Begin anew with what these stood for."""
        for name in names:
            self._progress.pop(name, None)
        await self._outbox.keep_progress(self.entry.id, self._progress)

    async def leaves(self, **progress: object) -> None:
        """To be called before the request that makes it appear: from now on it may be there."""
        if self.entry.sent is None:
            await self.keep(**progress)
            await self._outbox.sent(self.entry.id)


Handler: TypeAlias = Callable[[Job], Awaitable[str | None]]


class Worker:
    """`run` until cancelled. `nudge` after something was put."""

    def __init__(
        self,
        outbox: Outbox,
        handlers: Mapping[Kind, Handler],
        on_done: Callable[[Entry, str | None], Awaitable[None]] | None = None,
        on_over: Callable[[Entry, bool], None] = lambda entry, ok: None,
    ) -> None:
        """:param on_done: told of an entry and its result before it is noted as done, so after a
        kill perhaps once more.
        :param on_over: told of an entry once nothing more is tried, and whether it is delivered."""
        self._outbox = outbox
        self._handlers = handlers
        self._on_done = on_done
        self._on_over = on_over
        self._tasks = TaskOwner()
        self._lanes: set[str] = set()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._paused = False

    def nudge(self) -> None:
        """There may be something to do."""
        self._idle.clear()
        self._news.set()

    async def idle(self) -> None:
        """Wait until nothing is being delivered, and nothing is due."""
        await self._idle.wait()

    async def run(self) -> None:
        try:
            while True:
                if self._paused:
                    self._paused = False
                    await asyncio.sleep(PAUSE)
                self._news.clear()
                try:
                    await self._begin()
                    wait = await self._idle_for()
                except StoreError as error:
                    log.error("the outbox cannot be read: %s", error)
                    wait = PAUSE
                await self._until_news(wait)
        finally:
            await self._tasks.aclose()

    async def _begin(self) -> None:
        room = AT_ONCE - len(self._lanes)
        for entry in await self._outbox.due(self._lanes, room) if room > 0 else ():
            self._lanes.add(entry.lane)
            self._tasks.spawn(self._serve(entry), f"delivery {entry.id}")

    async def _idle_for(self) -> float:
        due = await self._outbox.next_due()
        now = self._outbox.now()
        if not (self._lanes or self._news.is_set() or (due is not None and due <= now)):
            self._idle.set()
        if due is None or due <= now:  # then its lane is busy, which ends with news
            return LOOK_EVERY
        return min(due - now, LOOK_EVERY)

    async def _until_news(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _serve(self, entry: Entry) -> None:
        try:
            await self._attempt(entry)
        except StoreError as error:
            log.error("the outbox cannot be written, deliveries wait: %s", error)
            self._paused = True
        finally:
            self._lanes.discard(entry.lane)
            self.nudge()

    async def _attempt(self, entry: Entry) -> None:
        if next_step(entry, self._outbox.now()) is Step.GIVE_UP:
            await self._give_up(entry, f"given up after a long time: {entry.problem}")
            return
        try:
            result = await self._handle(entry)
        except Refused as error:
            await self._give_up(entry, str(error))
        except Postponed as error:
            await self._later(entry, str(error), error.retry_after)
        except StoreError:
            raise
        except Exception as error:
            log.exception("a delivery (%s) failed by a defect", entry.kind)
            await self._later(entry, f"a defect of this program ({type(error).__name__})")
        else:
            await self._outbox.done(entry.id, result)
            self._on_over(entry, True)

    async def _handle(self, entry: Entry) -> str | None:
        handler = self._handlers.get(entry.kind)
        if handler is None:
            raise Refused(f"nothing is set up for a {entry.kind}: see the settings")
        result = await handler(Job(entry, self._outbox))
        if self._on_done is not None:
            await self._on_done(entry, result)
        return result

    async def _later(self, entry: Entry, problem: str, retry_after: float | None = None) -> None:
        at = next_try(entry, self._outbox.now(), retry_after)
        if not entry.attempts:  # the first time only: an outage of hours is one line
            log.warning("a %s waits: %s", entry.kind, problem)
        await self._outbox.later(entry.id, at, problem)

    async def _give_up(self, entry: Entry, problem: str) -> None:
        if await self._outbox.give_up(entry.id, problem):
            log.error(
                "a %s is given up (voip outbox show %s): %s", entry.kind, entry.id[:8], problem
            )
        self._on_over(entry, False)
