"""The workers there are: each has a place, and who dies there is followed by another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from voip.media.errors import MediaError, NoWorker
from voip.media.events import MediaEvent
from voip.media.settings import MediaSettings
from voip.media.workers.process import WorkerProcess
from voip.media.workers.restarts import Restarts

log = logging.getLogger(__name__)

PATIENCE: Final = 15.0
"""Seconds that a call waits for a worker while all of them are being started anew."""


@dataclass(eq=False, slots=True)
class Place:
    settings: MediaSettings
    worker: WorkerProcess | None = None
    """None while it is being started, and for good when too many have died."""
    since: float = 0.0
    restarts: Restarts = field(default_factory=Restarts)


class Crew:
    """`say` gets the events of all workers; `died` is told of each that is gone; `brief` is
    awaited for each that comes later, before it is given calls."""

    def __init__(
        self,
        settings: MediaSettings,
        *,
        say: Callable[[WorkerProcess, MediaEvent], None],
        died: Callable[[WorkerProcess], None],
        brief: Callable[[WorkerProcess], Awaitable[None]],
    ) -> None:
        self._say, self._tell_died, self._brief = say, died, brief
        self._places = [Place(_settings_of(settings, n)) for n in range(settings.workers)]
        self._dead: set[WorkerProcess] = set()
        """Gone, but not waited for yet."""
        self._news = asyncio.Event()
        self._restarts: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> list[WorkerProcess]:
        return [place.worker for place in self._places if place.worker is not None]

    async def open(self) -> None:
        """Start all. Raises what the first that failed raised; then none is left running."""
        starts = (self._start_first(place) for place in self._places)
        for failure in await asyncio.gather(*starts, return_exceptions=True):
            if failure is not None:
                await self.aclose()
                raise failure

    async def least(self, load: Callable[[WorkerProcess], int]) -> WorkerProcess:
        """The worker with the least load. Raises NoWorker where none is there in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.running:
                    if not self._restarts:
                        raise NoWorker
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise NoWorker from None
        return min(self.running, key=load)

    async def aclose(self) -> None:
        """End all of them at once."""
        restarts = list(self._restarts)
        for task in restarts:
            task.cancel()
        await asyncio.gather(*restarts, return_exceptions=True)
        left = [*self.running, *self._dead]
        for place in self._places:
            place.worker = None
        await asyncio.gather(*(worker.kill() for worker in left))

    async def _start_first(self, place: Place) -> None:
        self._begin(place, await self._start(place))

    async def _start(self, place: Place) -> WorkerProcess:
        worker = WorkerProcess(self._say, lambda gone: self._gone(place, gone))
        await worker.start(place.settings)
        return worker

    def _begin(self, place: Place, worker: WorkerProcess) -> None:
        place.worker, place.since = worker, asyncio.get_running_loop().time()
        self._news.set()

    def _gone(self, place: Place, worker: WorkerProcess) -> None:
        if place.worker is not worker:
            return  # it never came up, or is not needed any more: no calls are lost
        place.worker = None
        lived = asyncio.get_running_loop().time() - place.since
        log.error("a media worker died after %.0f s; its calls are ended", lived)
        self._dead.add(worker)
        self._tell_died(worker)
        task = asyncio.get_running_loop().create_task(self._replace(place, worker, lived))
        self._restarts.add(task)
        task.add_done_callback(self._replaced)

    async def _replace(self, place: Place, dead: WorkerProcess, lived: float) -> None:
        await dead.kill()
        self._dead.discard(dead)
        while (wait := place.restarts.wait(lived)) is not None:
            await asyncio.sleep(wait)
            try:
                worker = await self._start(place)
            except (MediaError, OSError) as error:
                log.error("a media worker could not be started: %s", error)
                lived = 0.0
                continue
            await self._brief(worker)
            if not worker.running:
                lived = 0.0
                continue
            self._begin(place, worker)
            log.warning("a media worker was started in place of the one that died")
            return
        log.error("media workers die again and again: no more are started, restart the bot")

    def _replaced(self, task: asyncio.Task[None]) -> None:
        self._restarts.discard(task)
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a media worker could not be replaced", exc_info=error)


def _settings_of(settings: MediaSettings, number: int) -> MediaSettings:
    """Of one worker: two cannot read from one port."""
    port = settings.port + number if settings.port else settings.port
    return replace(settings, workers=0, port=port)
