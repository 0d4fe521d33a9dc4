"""Which events the recordings of a call have become, for what a flow wants done afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from voip.bot.call import Call
from voip.bot.drafts import post_key
from voip.store.errors import StoreError
from voip.store.outbox import Outbox
from voip.store.outbox_records import State

log = logging.getLogger(__name__)

WITHIN: Final = 60.0
"""Seconds for which a flow's work waits for the posts. The outbox goes on for much longer, and
`call.json` has the event in the end; this work is done without it then."""


class PostedEvents:
    """Looks into the outbox whenever something left it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._changed = asyncio.Event()
        """Another one for each change, so that whoever waits misses none."""

    def look_again(self) -> None:
        """Something is delivered, or given up."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def of(self, call: Call, within: float = WITHIN) -> dict[str, str]:
        """By its file's name: the event of each recording that is posted. Waits `within` seconds
        for those that are still on their way; what is not to be posted is not waited for."""
        found: dict[str, str] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while await self._look(call, found):
                    pass
        return found

    async def _look(self, call: Call, found: dict[str, str]) -> bool:
        """Whether it is worth while to look again; returns when it is."""
        changed, waiting = self._changed, False
        for recording in call.recordings:
            name = recording.path.name
            try:
                entry = await self._outbox.by_key(post_key(call.folder.name, name))
            except StoreError as error:
                log.error("what became of a post is not known: %s", error)
                return False
            if entry is not None and entry.result is not None:
                found[name] = entry.result
            waiting = waiting or (entry is not None and entry.state is State.WAITING)
        if waiting:
            await changed.wait()
        return waiting
