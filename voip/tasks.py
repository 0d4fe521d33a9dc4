"""Tasks that somebody owns: each is awaited or cancelled, and none fails unseen."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias

log = logging.getLogger(__name__)

Job: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

MAX_WAITING: Final = 512
"""Jobs that one lane keeps waiting. A call needs a handful; only a flood reaches this."""


class TaskOwner:
    """Starts tasks and keeps them until they are done; `aclose` ends those that are left."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def drain(self, seconds: float) -> None:
        """Wait until nothing runs, at most so long."""
        if self._tasks and seconds > 0:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def aclose(self) -> None:
        """Cancel what runs and wait until it has ended."""
        me = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not me]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed: %s", task.get_name(), type(error).__name__, exc_info=error)


class Lane:
    """Jobs one after the other, in the order in which they were put."""

    def __init__(self, owner: TaskOwner, name: str) -> None:
        self._owner = owner
        self._name = name
        self._waiting: deque[Job] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._current: asyncio.Task[None] | None = None

    def put(self, job: Job) -> bool:
        """Add a job; False where too many wait already and it was dropped."""
        if len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting.append(job)
        if self._worker is None:
            self._worker = self._owner.spawn(self._work(), self._name)
        return True

    def put_last(self, job: Job) -> None:
        """Drop what waits, cancel what runs, then do this."""
        self._waiting.clear()
        if self._current is not None:
            self._current.cancel()
        self.put(job)

    async def _work(self) -> None:
        try:
            while self._waiting:
                job = self._waiting.popleft()
                self._current = self._owner.spawn(job(), self._name)
                await asyncio.wait({self._current})  # its failure is the owner's to tell
        finally:
            self._worker = self._current = None
