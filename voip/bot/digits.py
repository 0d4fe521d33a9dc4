"""Keys that the other side pressed and nobody has asked for yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

MAX_DIGITS: Final = 64
"""That are kept; further ones are lost."""


class Digits:
    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._news = asyncio.Event()
        """Set while one waits."""

    def add(self, digit: str) -> None:
        if len(self._waiting) < MAX_DIGITS:
            self._waiting.append(digit)
            self._news.set()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def clear(self) -> None:
        self._waiting.clear()
        self._news.clear()

    async def come(self) -> None:
        """Wait until there is one, and leave it there."""
        await self._news.wait()

    async def next(self) -> str:
        """Take the oldest; wait for one where there is none."""
        while not self._waiting:
            await self._news.wait()
        digit = self._waiting.popleft()
        if not self._waiting:
            self._news.clear()
        return digit
