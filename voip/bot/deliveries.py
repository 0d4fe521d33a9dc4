"""What a bot has to do with the outbox: opens it, puts what is to leave, and has it delivered.

`call.json` says what became of each recording, so it is written before an entry counts as done.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp

from voip.bot import drafts
from voip.bot.call import Call
from voip.bot.call_events import CallEvents
from voip.bot.call_file import NAME as CALL_FILE
from voip.bot.call_file import CallFile, write_file
from voip.bot.call_folders import read_folder
from voip.bot.erasing import EXPIRED, REVOKED, erasures_of, expired, shortest_retention
from voip.bot.keeping import KeepingSettings
from voip.bot.phone import Phone
from voip.bot.posted import PostedEvents
from voip.delivery.rooms import RoomDelivery
from voip.delivery.storage.disk import DiskTarget
from voip.delivery.storage.s3 import S3Target
from voip.delivery.storage.targets import Storage, Target
from voip.delivery.webhooks import Webhooks
from voip.delivery.worker import Handler, Worker
from voip.media.events import Recording
from voip.observers import Posted, Topic
from voip.signalling.ids import CallKey
from voip.store.errors import StoreError
from voip.store.outbox import NAME, Outbox
from voip.store.outbox_records import Draft, Entry, Kind, State
from voip.tasks import TaskOwner

log = logging.getLogger(__name__)

PUT_AGAIN: Final = 5.0
"""Seconds between tries to write down what is to leave, e.g. while the disk is full."""
LAST_SECONDS: Final = 10.0
"""How long the end of a bot waits for what is being delivered."""
EXPIRE_EVERY: Final = 3600.0
"""Seconds."""
MAX_NOTED: Final = 1000
"""Events that wait to be written down."""


class Deliveries:
    """Of one bot. Made by `opened`."""

    def __init__(
        self, outbox: Outbox, phone: Phone, settings: KeepingSettings, client: aiohttp.ClientSession
    ) -> None:
        self.outbox = outbox
        self.settings = settings
        self._recordings = phone.recordings
        self._writing = asyncio.Lock()
        self.posted = PostedEvents(outbox)
        self._observers = phone.observers
        self._worker = Worker(
            outbox,
            _handlers(outbox, phone, settings, client),
            self._on_done,
            self._on_over,
        )
        self._tasks = TaskOwner()
        self.on_notice: Callable[[str, str], bool] | None = None
        """Told of the folder and the event of each notice of a recording; whether it keeps it."""
        self._noted: deque[Draft] = deque()
        self._noting: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, phone: Phone, settings: KeepingSettings) -> AsyncIterator[Deliveries]:
        """Delivers while the context lasts.

        Raises StoreError where the outbox cannot be opened, S3Missing without its extra.
        """
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(aiohttp.ClientSession())
            outbox = await Outbox.open(phone.settings.data_dir / NAME)
            stack.push_async_callback(outbox.close)
            deliveries = cls(outbox, phone, settings, client)
            stack.push_async_callback(deliveries._tasks.aclose)
            deliveries._tasks.spawn(deliveries._worker.run(), "outbox")
            if shortest_retention(settings) is not None:
                deliveries._tasks.spawn(deliveries.keep_expiring(), "deleting old recordings")
            if settings.webhook is not None:
                phone.observers.subscribe(Topic.CALL, CallEvents(phone.call_of, deliveries.note))
            yield deliveries

    # --- putting ------------------------------------------------------------------------------

    async def hand_over(self, call: Call) -> None:
        """After a call: its recordings, to wherever they are to go; to nowhere, where the consent
        was taken back."""
        await self.put(self.after_call(call.file(), call.recordings, call.folder))

    def after_call(
        self,
        file: CallFile,
        recordings: Iterable[Recording],
        folder: Path,
        maybe_sent: float | None = None,
    ) -> list[Draft]:
        """What is to leave of a call's folder, by the policy for the call.

        :param maybe_sent: since when it may have been posted without anybody knowing.
        """
        policy = self.settings.policy_of(file.room_id, file.peer)
        found = list(recordings)
        if file.revoked:
            tracks = {recording.path.name: None for recording in found}
            return drafts.erasures(file.posts_into, folder.name, tracks, (), REVOKED)
        found = [one for one in found if one.size]  # else the disk was full when it began
        made: list[Draft] = []
        if policy.post:
            room_id, key = file.posts_into, CallKey(file.room_id, file.call_id)
            made += [drafts.post(room_id, one, maybe_sent, key) for one in found]
        if policy.store:
            paths = [*(recording.path for recording in found), folder / CALL_FILE]
            made += [drafts.copy(to, path) for to in self.settings.targets for path in paths]
        if self.settings.webhook is not None:
            made += [drafts.ready(file, recording, self.outbox.now()) for recording in found]
        return made

    def after_crash(
        self, file: CallFile, recordings: Iterable[Recording], folder: Path
    ) -> list[Draft]:
        """The same, and how the call ended."""
        made = self.after_call(file, recordings, folder)
        if self.settings.webhook is not None:
            made.append(drafts.crashed(file, self.outbox.now()))
        return made

    async def put(self, made: Sequence[Draft]) -> None:
        """Returns when they are on the disk, however long that takes: until then whoever made them
        must be able to make them again after a kill."""
        told = False
        while made:
            try:
                await self.outbox.put(made)
                break
            except StoreError as error:
                if not told:
                    log.error("what is to leave cannot be written down, it waits: %s", error)
                told = True
                await asyncio.sleep(PUT_AGAIN)
        self._worker.nudge()

    async def post_words(self, call: Call, text: str) -> None:
        """Beside the recordings of a call that is over, and gone when they go."""
        async with self._writing:  # else they could be taken back at this moment
            file = await asyncio.to_thread(CallFile.read, call.folder)
            if file is None or file.revoked or not call.policy.post:
                return
            await self.put([drafts.words(file.posts_into, call.folder.name, text)])

    def note(self, draft: Draft) -> None:
        """Put it soon, in the order of the calls; for whoever must not wait."""
        if len(self._noted) >= MAX_NOTED:
            log.error("an event is lost, too many wait to be written down")
            return
        self._noted.append(draft)
        if self._noting is None or self._noting.done():
            self._noting = self._tasks.spawn(self._put_noted(), "noting events")

    async def _put_noted(self) -> None:
        while self._noted:
            await self.put([self._noted[0]])
            self._noted.popleft()

    async def waiting(self) -> int:
        """How many entries are not delivered yet. Raises StoreError."""
        return (await self.outbox.counts())[State.WAITING]

    # --- delivering ---------------------------------------------------------------------------

    async def idle(self) -> None:
        """Wait until nothing is being delivered, and nothing is due."""
        while self._noting is not None and not self._noting.done():
            await asyncio.wait({self._noting})
        await self._worker.idle()

    async def settle(self, seconds: float = LAST_SECONDS) -> None:
        """The same, and at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.idle()
        except TimeoutError:
            log.info("what was not delivered yet stays in the outbox for the next start")

    async def edit(self, folder: Path, change: Callable[[CallFile], bool]) -> CallFile | None:
        """Change a `call.json` whose call is over; `change` says whether it did. What it is then,
        or None where there is none."""
        async with self._writing:
            file = await asyncio.to_thread(CallFile.read, folder)
            if file is not None and change(file):
                await write_file(file, folder)
            return file

    async def erase_revoked(self, name: str, by: str, how: str) -> None:
        """The consent to a call that is over was taken back: `call.json` says so, and everything
        else goes."""
        folder = self._recordings / name
        file = await self.edit(folder, lambda file: file.set_revoked(by, how, datetime.now(UTC)))
        if file is None:
            return
        log.info("the recording in %s is deleted: %s", name, REVOKED)
        call = await asyncio.to_thread(read_folder, folder)
        await self.put(erasures_of(call, self.settings.targets, REVOKED, whole=False))

    async def expire(self) -> int:
        """Delete what is older than the policy allows; how many calls. Raises OSError."""
        now = datetime.fromtimestamp(self.outbox.now(), UTC)
        calls = await asyncio.to_thread(expired, self._recordings, self.settings, now)
        for call in calls:
            await self.put(erasures_of(call, self.settings.targets, EXPIRED, whole=True))
        if calls:
            log.info("the recordings of %d calls are deleted: %s", len(calls), EXPIRED)
        return len(calls)

    async def keep_expiring(self) -> None:
        """`expire` now and every hour, until cancelled."""
        while True:
            try:
                await self.expire()
            except OSError as error:
                log.error("old recordings could not be looked for: %s", error.strerror)
            await asyncio.sleep(EXPIRE_EVERY)

    async def _on_done(self, entry: Entry, result: str | None) -> None:
        if result is None:
            return
        if entry.kind is Kind.NOTICE:
            await self._note_notice(entry, result)
        elif entry.kind is Kind.POST:
            await self._note_posted(entry, result)

    def _on_over(self, entry: Entry, ok: bool) -> None:
        self.posted.look_again()
        if entry.kind is Kind.POST and (key := entry.payload.get("call")) is not None:
            seconds = self.outbox.now() - entry.began
            self._observers.tell(Topic.POST, Posted(CallKey(*key), seconds, ok))

    async def _note_notice(self, entry: Entry, event_id: str) -> None:
        if (name := entry.payload.get("words")) is not None:
            await self.edit(self._recordings / name, lambda file: file.set_words(event_id))
        name = entry.payload.get("folder")
        if name is None or "beside" in entry.payload:
            return
        if self.on_notice is None or not self.on_notice(name, event_id):
            await self.edit(self._recordings / name, lambda file: file.set_notice(event_id))

    async def _note_posted(self, entry: Entry, result: str) -> None:
        name = entry.payload["file"]
        folder = self._recordings / entry.payload["folder"]
        file = await self.edit(folder, lambda file: file.set_posted(name, result))
        if file is not None and self.settings.webhook is not None:
            await self.outbox.put([drafts.posted(file, name, result, self.outbox.now())])


def _handlers(
    outbox: Outbox, phone: Phone, settings: KeepingSettings, client: aiohttp.ClientSession
) -> dict[Kind, Handler]:
    rooms = RoomDelivery(phone.matrix, outbox, phone.recordings)
    storage = Storage(_targets(settings, phone.recordings), outbox, phone.recordings, settings.key)
    handlers: dict[Kind, Handler] = {
        Kind.POST: rooms.post,
        Kind.NOTICE: rooms.notice,
        Kind.REDACTION: rooms.redact,
        Kind.COPY: storage.copy,
        Kind.ERASURE: storage.erase,
    }
    if settings.webhook is not None:
        handlers[Kind.WEBHOOK] = Webhooks(settings.webhook, client, outbox.now)
    return handlers


def _targets(settings: KeepingSettings, recordings: Path) -> dict[str, Target]:
    targets: dict[str, Target] = {drafts.LOCAL: DiskTarget(recordings)}
    if settings.folder is not None:
        targets["disk"] = DiskTarget(settings.folder)
    if settings.s3 is not None:
        targets["s3"] = S3Target(settings.s3)
    return targets
