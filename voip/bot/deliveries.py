"""What a bot has to do with the outbox: opens it, puts what is to leave, and has it delivered.

`call.json` says what became of each recording, so it is written before an entry counts as done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from voip.bot import drafts
from voip.bot.call import Call
from voip.bot.call_file import NAME as CALL_FILE
from voip.bot.call_file import CallFile, write_file
from voip.bot.phone import Phone
from voip.delivery.rooms import RoomDelivery
from voip.delivery.worker import Handler, Worker
from voip.media.events import Recording
from voip.store.errors import StoreError
from voip.store.outbox import NAME, Outbox
from voip.store.outbox_records import Draft, Entry, Kind
from voip.tasks import TaskOwner

log = logging.getLogger(__name__)

PUT_AGAIN: Final = 5.0
"""Seconds between tries to write down what is to leave, e.g. while the disk is full."""
LAST_SECONDS: Final = 20.0
"""How long the end of a bot waits for what is being delivered."""


class Deliveries:
    """Of one bot. Made by `opened`."""

    def __init__(self, outbox: Outbox, phone: Phone) -> None:
        self.outbox = outbox
        self._recordings = phone.recordings
        self._writing = asyncio.Lock()
        rooms = RoomDelivery(phone.matrix, outbox, phone.recordings)
        handlers: dict[Kind, Handler] = {
            Kind.POST: rooms.post,
            Kind.NOTICE: rooms.notice,
            Kind.REDACTION: rooms.redact,
        }
        self._worker = Worker(outbox, handlers, self._on_done)
        self._tasks = TaskOwner()

    @classmethod
    @asynccontextmanager
    async def opened(cls, phone: Phone) -> AsyncIterator[Deliveries]:
        """Delivers while the context lasts. Raises StoreError where the outbox cannot be opened."""
        outbox = await Outbox.open(phone.settings.data_dir / NAME)
        deliveries = cls(outbox, phone)
        try:
            deliveries._tasks.spawn(deliveries._worker.run(), "outbox")
            yield deliveries
        finally:
            await deliveries._tasks.aclose()
            await outbox.close()

    async def hand_over(self, call: Call) -> None:
        """After a call: its recordings, to wherever they are to go."""
        await self.put(self.after_call(call.room_id, call.recordings, call.folder / CALL_FILE))

    def after_call(
        self, room_id: str, recordings: Iterable[Recording], call_file: Path
    ) -> list[Draft]:
        return drafts.after_call(room_id, recordings, call_file, posted=True, targets=())

    async def put(self, drafts: Sequence[Draft]) -> None:
        """Returns when they are on the disk, however long that takes: until then whoever made them
        must be able to make them again after a kill."""
        told = False
        while drafts:
            try:
                await self.outbox.put(drafts)
                break
            except StoreError as error:
                if not told:
                    log.error("what is to leave cannot be written down, it waits: %s", error)
                told = True
                await asyncio.sleep(PUT_AGAIN)
        self._worker.nudge()

    async def idle(self) -> None:
        """Wait until nothing is being delivered, and nothing is due."""
        await self._worker.idle()

    async def settle(self, seconds: float = LAST_SECONDS) -> None:
        """Wait until nothing is due any more, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._worker.idle()
        except TimeoutError:
            log.info("what was not delivered yet stays in the outbox for the next start")

    async def _on_done(self, entry: Entry, result: str | None) -> None:
        if entry.kind is Kind.POST and result is not None:
            await self._note_posted(entry, result)

    async def _note_posted(self, entry: Entry, event_id: str) -> None:
        folder = self._recordings / entry.payload["folder"]
        async with self._writing:
            file = await asyncio.to_thread(CallFile.read, folder)
            if file is not None and file.set_posted(entry.payload["file"], event_id):
                await write_file(file, folder)
