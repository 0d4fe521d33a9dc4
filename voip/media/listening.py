"""What the other side says, as samples, for whoever listens with code of their own."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from voip.media.decisions import Counts
from voip.media.hearing import Hearing
from voip.media.libopus import Rate, Samples
from voip.media.packets import AudioPacket


class Listening:
    """An AudioSink, and an asynchronous iterator of 20 ms each: int16, mono, one after the other
    from the first sound on, silence included. It ends with the call.

        with engine.listen(key) as sound:
            async for samples in sound:
                ...

    For one reader. What is not read is kept for `KEPT` seconds; then the oldest is dropped, and
    counted. It decodes on the event loop, some 60 µs each time (`benchmarks/receiving.py`).
    """

    KEPT = 5.0
    """Seconds."""
    STALL = 0.5
    """Seconds that the loop may be late and still catch up; beyond it, time is skipped."""

    def __init__(self, rate: Rate, closed: Callable[[Listening], None]) -> None:
        """`closed` is called once, when no further packet is wanted. Raises OpusUnavailable, and
        OpusError for a rate that Opus does not have."""
        self.rate = rate
        self.dropped = 0
        """How many of 20 ms nobody read in time."""
        self._hearing = Hearing(rate)
        self._closed: Callable[[Listening], None] | None = closed
        self._loop = asyncio.get_running_loop()
        self._ready: deque[Samples] = deque()
        self._news = asyncio.Event()
        self._slot = 0.0
        """When the next 20 ms begin, on the loop's clock."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> Counts:
        """What became of the packets."""
        return self._hearing.counts

    def audio(self, packet: AudioPacket) -> None:
        """AudioSink: take one packet, on the loop."""
        if self._closed is None:
            return
        self._hearing.add(packet)
        if self._timer is None:
            # All listeners of a loop share one grid, and so a wake-up.
            self._slot = math.ceil(self._loop.time() / Hearing.FRAME) * Hearing.FRAME
            self._timer = self._loop.call_at(self._slot, self._tick)

    def end(self) -> None:
        """The call is over: what has come is still given, then the iteration ends."""
        if self._closed is None:
            return
        while self._hearing.pending:
            self._hear()
        self._stop()

    def close(self) -> None:
        """Listen no more; the iteration ends."""
        self._ready.clear()
        self._stop()

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
            if self._closed is None:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._ready.popleft()

    def _tick(self) -> None:
        now = self._loop.time()
        if now - self._slot > self.STALL:
            self._slot += math.floor((now - self._slot) / Hearing.FRAME) * Hearing.FRAME
        while self._slot <= now:
            self._hear()
        self._timer = self._loop.call_at(self._slot, self._tick)

    def _hear(self) -> None:
        samples = self._hearing.frame(self._slot)
        self._slot += Hearing.FRAME
        if samples is None:
            return
        if len(self._ready) >= self.KEPT / Hearing.FRAME:
            self._ready.popleft()
            self.dropped += 1
        self._ready.append(samples)
        self._news.set()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        closed, self._closed = self._closed, None
        if closed is not None:
            closed(self)
        self._news.set()
