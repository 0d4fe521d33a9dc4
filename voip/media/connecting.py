"""Who owns the tasks that connect a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiortc import RTCPeerConnection

from voip.media import private

log = logging.getLogger(__name__)


class Connecting:
    """The tasks in which aiortc connects. It does not own them: left alone, one that is under way
    while the connection closes starts timers and senders that nobody stops any more."""

    def __init__(self, pc: RTCPeerConnection, then: Callable[[], Awaitable[None]]) -> None:
        """Before the first description. `then` is awaited each time when aiortc has done its
        part, whether the connection is up or not."""
        self._then = then
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._original = private.replace_connect(pc, self._start)

    def again(self) -> None:
        """Start ICE where the first local candidate came after the descriptions: aiortc skipped
        it then."""
        self._start()

    async def close(self) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _connect(self) -> None:
        if self._closed:
            return
        try:
            await self._original()
            await self._then()
        except Exception as error:
            log.exception("connecting failed: %s", type(error).__name__)
