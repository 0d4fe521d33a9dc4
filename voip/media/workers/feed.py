"""What is heard in a call, sent to the pool as far as somebody reads it there.

The backlog of a slow reader is kept here, by `Listening`, which drops and counts: the socket
holds no more than the pool has given credit for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voip.media.listening import Listening
from voip.media.workers.messages import FromWorker, Heard, Silent


class Feed:
    def __init__(
        self, number: int, sound: Listening, credit: int, send: Callable[[FromWorker], None]
    ) -> None:
        self._number, self._sound, self._send = number, sound, send
        self._credit = asyncio.Semaphore(credit)

    def allow(self, credit: int) -> None:
        for _ in range(credit):
            self._credit.release()

    async def run(self) -> None:
        """Until the call is over; cancel to end it before."""
        with self._sound as sound:
            await self._credit.acquire()
            async for samples in sound:
                self._send(Heard(self._number, samples.tobytes(), sound.dropped))
                await self._credit.acquire()
        self._send(Silent(self._number))
