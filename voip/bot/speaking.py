"""Speaking in a call with samples of the author's own: a live source."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from voip.media.errors import MediaError
from voip.media.interface import CallMedia
from voip.media.libopus import Rate
from voip.signalling.ids import CallKey

Samples: TypeAlias = npt.NDArray[np.int16]
OrEnd: TypeAlias = Callable[[asyncio.Future[Any]], Coroutine[Any, Any, Any]]
"""What a request gives, or CallEnded."""


class Line:
    """What `Call.speak` gives; for one writer. Every method raises CallEnded with the call."""

    def __init__(self, media: CallMedia, key: CallKey, rate: Rate, or_end: OrEnd) -> None:
        self.rate = rate
        self._media, self._key, self._or_end = media, key, or_end
        self._cleared = 0

    async def write(self, samples: Samples | bytes) -> None:
        """Mono samples of int16 at `rate`, of any number. Returns when no more than 200 ms of them
        wait to be heard, so a source that is faster than time is slowed down to it.

        Raises ValueError for anything else.
        """
        if not isinstance(samples, bytes):
            if samples.dtype != np.int16 or samples.ndim != 1:
                raise ValueError("a line takes mono samples: one dimension of int16")
            samples = samples.tobytes()
        if len(samples) % 2:
            raise ValueError("samples of int16 have two bytes each")
        cleared, second = self._cleared, self.rate * 2
        for begin in range(0, len(samples), second):
            if self._cleared != cleared:
                return
            await self._ask(self._media.write_line(self._key, samples[begin : begin + second]))

    async def clear(self) -> float:
        """Drop what was written and not heard yet, because the other side interrupts; a `write`
        that waits returns. Gives the seconds that were dropped, 0.2 at most."""
        self._cleared += 1
        return float(await self._ask(self._media.clear_line(self._key)))

    async def share(self, other: CallKey) -> None:
        """Let another call (`call.key`) hear this too, as long as it lasts; it is encoded once."""
        await self._ask(self._media.share_line(self._key, other))

    async def _ask(self, request: Coroutine[Any, Any, Any]) -> Any:
        return await self._or_end(asyncio.ensure_future(request))


@contextlib.asynccontextmanager
async def speaking(
    media: CallMedia, key: CallKey, rate: Rate, or_end: OrEnd
) -> AsyncIterator[Line]:
    """Everything was heard when it ends; where it is left by an error, the rest is dropped."""
    await or_end(asyncio.ensure_future(media.open_line(key, rate)))
    try:
        yield Line(media, key, rate, or_end)
        await or_end(asyncio.ensure_future(media.close_line(key)))
    except BaseException:
        with contextlib.suppress(MediaError):
            await media.close_line(key, drop=True)
        raise
