"""Reads a socket seldom and much at a time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

PROMPT: Final = 0.005
"""Seconds between two looks while packets flow and somebody waits for them: a quarter of the
length of most."""
PATIENT: Final = 0.02
"""The same where nobody does: calls that are recorded. Most senders send as often."""
BATCH: Final = 32
"""Datagrams after which the loop gets its turn; then it goes on at once. A few milliseconds of
work: what is played to other calls is due meanwhile."""


class PacedReader:
    """Sleeps until something comes; while packets flow, looks now and then instead of being woken
    for each. Create and close it on the event loop."""

    def __init__(
        self, sock: socket.socket, drain: Callable[[], int], hurry: Callable[[], bool]
    ) -> None:
        """`drain` reads what has come, `BATCH` datagrams at most, and says how many it was;
        `hurry` says whether somebody waits for them."""
        self._socket, self._drain, self._hurry = sock, drain, hurry
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._woken = 0.0
        self._watch()

    def close(self) -> None:
        """Before the socket is closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._pause()

    def _watch(self) -> None:
        self._loop.add_reader(self._socket.fileno(), self._wake)

    def _pause(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            self._loop.remove_reader(self._socket.fileno())

    def _wake(self) -> None:
        count = self._drain()
        before, self._woken = self._woken, self._loop.time()
        # Leaving the sleep and going back to it costs more than a few packets that come singly.
        if count >= BATCH or self._woken - before < self._pace():
            self._pause()
            self._again(count)

    def _look(self) -> None:
        self._timer = None
        count = self._drain()
        if count:
            self._again(count)
        else:
            self._watch()

    def _again(self, count: int) -> None:
        self._timer = self._loop.call_later(0 if count >= BATCH else self._pace(), self._look)

    def _pace(self) -> float:
        return PROMPT if self._hurry() else PATIENT
