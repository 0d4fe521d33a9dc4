"""Measures how late the event loop comes, and how much of a core the media take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from voip.bot.load import Load
from voip.tasks import TaskOwner

PERIOD: Final = 0.5
"""Seconds between two measures."""


class LoadMeter:
    """`take` is told of each measure from `start` to `aclose`, on the event loop.

    :param workers: the shares of a core that the media workers take; empty where there are none.
    """

    def __init__(
        self, workers: Callable[[], tuple[float, ...]], take: Callable[[Load], None]
    ) -> None:
        self._workers, self._take = workers, take
        self._tasks = TaskOwner()
        self.lag = self.cpu = 0.0
        """The last measure of this process: seconds, and the share of a core."""

    def start(self) -> None:
        self._tasks.spawn(self._run(), "measuring the load")

    async def aclose(self) -> None:
        await self._tasks.aclose()

    async def _run(self) -> None:
        # thread_time: recognizers and encoders in threads of their own do not delay a packet.
        at, used = time.monotonic(), time.thread_time()
        while True:
            await asyncio.sleep(PERIOD)
            now, uses = time.monotonic(), time.thread_time()
            self.lag = max(0.0, now - at - PERIOD)
            self.cpu = (uses - used) / (now - at)
            at, used = now, uses
            workers = self._workers()
            cpu = max(min(workers), 0.0) if workers else self.cpu
            self._take(Load(self.lag, cpu, max(len(workers), 1)))
