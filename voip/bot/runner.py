"""A bot: a phone whose incoming calls are answered by a flow, and what is done after each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from voip.bot.after import do_afterwards
from voip.bot.call import Call
from voip.bot.call_file import write_file
from voip.bot.call_log import CallLog
from voip.bot.consent import Consents
from voip.bot.deliveries import Deliveries
from voip.bot.door import Door, DoorSettings
from voip.bot.drain import DrainSettings, drain
from voip.bot.flows import Flow, run_flow
from voip.bot.keeping import KeepingSettings
from voip.bot.load_meter import LoadMeter
from voip.bot.phone import Phone, PhoneSettings
from voip.bot.recorder import RecorderSettings
from voip.bot.recovery import clear_up
from voip.bot.shipped import BotKind, Shipped, shipped
from voip.bot.trust import Gate, Unverified
from voip.matrix.errors import MatrixError
from voip.media.workers.pool import worker_loads
from voip.observers import Topic
from voip.tasks import TaskOwner

__all__ = ["BotKind", "BotSettings", "RunningBot", "running_bot"]

log = logging.getLogger(__name__)

LAST_POSTS_SECONDS: Final = 20.0
"""How long the end of a bot waits for what is to be done after its calls."""
LAST_WORDS_SECONDS: Final = 2.0
"""And for what was said in rooms meanwhile, such as consent that is taken back."""


@dataclass(frozen=True, slots=True)
class BotSettings:
    phone: PhoneSettings
    bot: BotKind = BotKind.RECORDER
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    max_calls: int = 50
    """Calls at the same time; who calls beyond that is declined."""
    unverified: Unverified = Unverified.ALLOW
    """What happens to calls from devices that their owner has not verified."""
    file: Path | None = None
    """The shipped bot's own TOML or YAML file, where it has one."""
    keeping: KeepingSettings = field(default_factory=KeepingSettings)
    door: DoorSettings = field(default_factory=DoorSettings)
    drain: DrainSettings = field(default_factory=DrainSettings)


class RunningBot:
    """Answers calls until it is closed. Nothing that one call does ends another."""

    def __init__(
        self, phone: Phone, flow: Flow, deliveries: Deliveries, settings: BotSettings
    ) -> None:
        self.phone = phone
        self._flow = flow
        self.deliveries = deliveries
        self._drain = settings.drain
        self.door = Door(settings.door, settings.max_calls, self._notify)
        self.meter = LoadMeter(
            lambda: worker_loads(phone.media),
            lambda load: self.door.measured(load, len(self._calls)),
        )
        self._calls: set[Call] = set()
        self._tasks = TaskOwner()
        self.consents = Consents(phone, deliveries, self._tasks)
        phone.on_recording = self.consents.begins
        phone.policy_of = deliveries.settings.policy_of
        phone.on_words = deliveries.post_words
        phone.matrix.on_room_event = self.consents.on_room_event
        deliveries.on_notice = self.consents.noticed
        self._gate = Gate(phone.matrix, settings.unverified, self._notify)
        phone.on_finish = self._on_finish
        phone.transfers.on_moved = self._begin
        phone.matrix.on_new_device = lambda device: self._gate.new_device(device, self._calls)
        self.meter.start()
        phone.on_call = self._on_call  # the last, as there may be calls already

    @property
    def live(self) -> int:
        """How many calls ring or go on."""
        return len(self._calls)

    def clear_up(self) -> None:
        """Begin with what a crash left; calls are answered meanwhile."""
        self._tasks.spawn(clear_up(self.phone, self.deliveries), "clearing up after a crash")

    async def aclose(self) -> None:
        """Let the calls that live finish as long as is set, end them, and let their recordings be
        posted. Who calls meanwhile hears busy."""
        self.door.draining = True
        await drain(self._calls, self._drain, self._post_notice)
        await self.meter.aclose()
        self.phone.transfers.on_moved = None
        for call in list(self._calls):
            call.hang_up()
        await self._tasks.drain(LAST_POSTS_SECONDS)
        await self.deliveries.settle()
        self.phone.matrix.on_new_device = self.phone.matrix.on_room_event = None
        self.phone.on_call = None  # until here the door says that we are about to end
        await self._tasks.drain(LAST_WORDS_SECONDS)
        await self._tasks.aclose()

    def _on_call(self, call: Call) -> None:
        if self.door.admits(call, self._calls):
            self._begin(call)

    def _begin(self, call: Call) -> None:
        """Also with whom we were handed over to (MSC2747): that call takes the place of another,
        so no limit is in its way, and what its caller heard before is news to them."""
        self._calls.add(call)
        self._tasks.spawn(self._serve(call), f"call {call.id}")

    def _on_finish(self, call: Call) -> None:
        self._tasks.spawn(self._finish(call), f"after call {call.id}")

    async def _serve(self, call: Call) -> None:
        try:
            if await self._gate.admits(call):
                await run_flow(self._flow, call)
            else:
                call.reject()
                await call.closed()
        finally:
            self._calls.discard(call)
        await self._finish(call)

    def _notify(self, room_id: str, text: str) -> None:
        self._tasks.spawn(self._post_notice(room_id, text), "a notice")

    async def _post_notice(self, room_id: str, text: str) -> None:
        try:
            await self.phone.matrix.post_text(room_id, text, self.phone.new_id())
        except MatrixError as error:
            log.warning("a notice could not be posted: %s", error)

    async def _finish(self, call: Call) -> None:
        """After a call: `call.json`, and into the outbox what is to leave. Only then is it
        forgotten: a kill in between finds the recordings again."""
        if call.recordings:
            async with call.writing:
                await write_file(call.file(), call.folder, last=True)
            await self.deliveries.hand_over(call)
        await self.consents.over(call)
        await self.phone.forget(call)
        if call.after:
            call.posted |= await self.deliveries.posted.of(call)
            await do_afterwards(call, call.after)


@asynccontextmanager
async def running_bot(settings: BotSettings, flow: Flow | None = None) -> AsyncIterator[RunningBot]:
    """A bot that is logged in, has synced once, and answers while the context lasts.

    `flow` answers the calls instead of the shipped one that `settings.bot` names.
    Raises the typed errors of the Matrix edge and the store where it cannot start, BotFileError for
    the bot's own file, and SoundError where an announcement cannot be made ready: better now than
    at the first call.
    """
    answering = Shipped(flow) if flow else await asyncio.to_thread(shipped, settings)
    async with Phone(settings.phone) as phone:
        call_log = CallLog(phone.id_of)
        phone.observers.subscribe(Topic.CALL, call_log)
        phone.observers.subscribe(Topic.MEDIA, call_log)
        for sound in answering.sounds:
            await phone.media.prepare(sound)
        async with Deliveries.opened(phone, settings.keeping) as deliveries:
            bot = RunningBot(phone, answering.flow, deliveries, settings)
            try:
                bot.clear_up()
                yield bot
            finally:
                await bot.aclose()
