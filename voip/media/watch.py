"""Notices that nothing at all arrives from the other side any more, and that it does again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voip.media.path import Path
from voip.media.ticks import next_tick


class Watch:
    """Media, reports and the other side's connectivity checks all count: consent to send is asked
    for every few seconds (RFC 7675 §5.1), on hold and muted as well."""

    INTERVAL = 1.0

    def __init__(
        self,
        path: Path,
        patience: float,
        *,
        interrupted: Callable[[], None],
        resumed: Callable[[], None],
    ) -> None:
        """`patience`: seconds without anything before `interrupted` is called."""
        self._path = path
        self._patience = patience
        self._interrupted, self._resumed = interrupted, resumed
        self._loop = asyncio.get_running_loop()
        self._arrivals = path.arrivals
        self._last = self._loop.time()
        self._silent = False
        self._timer = self._later()

    def close(self) -> None:
        self._timer.cancel()

    def _later(self) -> asyncio.TimerHandle:
        interval = min(self.INTERVAL, self._patience / 4)
        return self._loop.call_at(next_tick(self._loop.time() + interval), self._look)

    def _look(self) -> None:
        self._timer = self._later()
        now = self._loop.time()
        if self._path.arrivals != self._arrivals:
            self._arrivals, self._last = self._path.arrivals, now
            if self._silent:
                self._silent = False
                self._resumed()
        elif not self._silent and now - self._last >= self._patience:
            self._silent = True
            self._interrupted()
