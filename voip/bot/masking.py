"""Spans of a call of which nothing is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from voip.bot.speaking import OrEnd
from voip.media.errors import UnknownCall
from voip.media.interface import CallMedia
from voip.signalling.ids import CallKey


class Masks:
    """Of one call; they may lie within each other."""

    def __init__(self, media: CallMedia, or_end: OrEnd) -> None:
        self._media, self._or_end = media, or_end
        self._open = 0
        """How many lie within each other."""

    @contextlib.asynccontextmanager
    async def mask(self, key: CallKey) -> AsyncIterator[None]:
        """See `Call.mask`."""
        self._open += 1
        try:
            if self._open == 1:
                await self._or_end(asyncio.ensure_future(self._media.mask(key)))
            yield
        finally:
            self._open -= 1
            if not self._open:
                with contextlib.suppress(UnknownCall):  # it is over, and so is its mask
                    await self._media.unmask(key)
