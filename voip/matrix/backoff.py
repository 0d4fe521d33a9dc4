"""How long to wait before the next try."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from voip.matrix.errors import RateLimitedError, TransientError

T = TypeVar("T")

FIRST = 0.25
LONGEST = 30.0


class Backoff:
    """Waits that double from `first` to `longest` seconds, each shortened by up to a half.

    The random part keeps many clients of one homeserver from coming back in step.
    """

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def reset(self) -> None:
        self._next = self._first

    def after(self, error: BaseException) -> float:
        """Seconds until the next try; a server that names a time is believed."""
        if isinstance(error, RateLimitedError):
            return error.retry_after
        wait = self._next
        self._next = min(self._next * 2, self._longest)
        return wait * (0.5 + random.random() / 2)  # noqa: S311 - spreading, not secrecy


async def until_done(request: Callable[[], Awaitable[T]], within: float) -> T:
    """Repeat `request` through transient errors for `within` seconds, then raise the last one."""
    backoff = Backoff()
    clock = asyncio.get_running_loop().time
    end = clock() + within
    while True:
        try:
            return await request()
        except TransientError as error:
            wait = backoff.after(error)
            if clock() + wait >= end:
                raise
        await asyncio.sleep(wait)
