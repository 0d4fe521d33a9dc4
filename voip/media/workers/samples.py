"""What is heard in a call that a worker carries: `Listening` as it looks from here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import numpy as np

from voip.media.libopus import Rate, Samples
from voip.media.workers.messages import Cancel, Heard, More, ToWorker

CREDIT: Final = 25
"""Pieces of 20 ms that may be on their way or wait here; the backlog is the worker's."""
_AT_ONCE: Final = 5
"""Credit is given anew in such lots: one message for 100 ms."""


class RemoteListening:
    """For one reader, as `Listening`: see there."""

    def __init__(self, number: int, rate: Rate, send: Callable[[ToWorker], None]) -> None:
        self.rate = rate
        self.dropped = 0
        """How many of 20 ms nobody read in time."""
        self._number, self._send = number, send
        self._ready: deque[Samples] = deque()
        self._news = asyncio.Event()
        self._read = 0
        self._over = False

    # --- what the worker says ---

    def heard(self, message: Heard) -> None:
        if not self._over:
            self.dropped = message.dropped
            self._ready.append(np.frombuffer(message.samples, np.int16).copy())
            self._news.set()

    def end(self) -> None:
        """The call is over, or the worker is: what has come is still given."""
        self._over = True
        self._news.set()

    # --- for the reader ---

    def close(self) -> None:
        """Listen no more; the iteration ends."""
        self._ready.clear()
        if not self._over:
            self._send(Cancel(self._number))
            self.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Samples:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        self._read += 1
        if self._read % _AT_ONCE == 0 and not self._over:
            self._send(More(self._number, _AT_ONCE))
        return self._ready.popleft()
