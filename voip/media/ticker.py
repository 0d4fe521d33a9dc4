"""One timer for all calls: waking up for each of them costs more than the looks themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voip.media.ticks import next_tick

log = logging.getLogger(__name__)

Look = Callable[[float], None]


class Ticker:
    """Calls each `look` with the loop's time, every `interval` seconds. It rests without any."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._looks: dict[Look, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, look: Look) -> None:
        """On the event loop."""
        self._looks[look] = None
        if self._timer is None:
            self._wait()

    def remove(self, look: Look) -> None:
        """One that is not there is no error."""
        self._looks.pop(look, None)
        if not self._looks and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(next_tick(loop.time() + self._interval), self._tick)

    def _tick(self) -> None:
        self._wait()
        now = asyncio.get_running_loop().time()
        for look in [*self._looks]:  # one may take itself off, or another
            try:
                look(now)
            except Exception:
                log.exception("a look at a call failed")
