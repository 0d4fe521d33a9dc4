"""A bot: a phone whose incoming calls are answered by a flow, and what is done after each."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from voip.bot.call import Call
from voip.bot.call_file import write_file
from voip.bot.call_log import CallLog
from voip.bot.door import Door, DoorSettings
from voip.bot.drain import DrainSettings, drain
from voip.bot.echo import GREETING, echo
from voip.bot.flows import Flow, run_flow
from voip.bot.load_meter import LoadMeter
from voip.bot.phone import Phone, PhoneSettings
from voip.bot.posting import Poster
from voip.bot.recorder import BEGIN, DONE, RecorderSettings, recorder
from voip.bot.recovery import clear_up
from voip.bot.trust import Gate, Unverified
from voip.matrix.errors import MatrixError
from voip.media.events import Recording
from voip.media.sounds import Sound
from voip.media.workers.pool import worker_loads
from voip.observers import Posted, Topic
from voip.tasks import TaskOwner

log = logging.getLogger(__name__)

LAST_POSTS_SECONDS: Final = 20.0
"""How long the end of a bot waits for recordings that are being posted."""


class BotKind(StrEnum):
    RECORDER = "recorder"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class BotSettings:
    phone: PhoneSettings
    bot: BotKind = BotKind.RECORDER
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    max_calls: int = 50
    """Calls at the same time; who calls beyond that is declined."""
    unverified: Unverified = Unverified.ALLOW
    """What happens to calls from devices that their owner has not verified."""
    door: DoorSettings = field(default_factory=DoorSettings)
    drain: DrainSettings = field(default_factory=DrainSettings)


class Bot:
    """Answers calls until it is closed. Nothing that one call does ends another."""

    def __init__(self, phone: Phone, flow: Flow, settings: BotSettings) -> None:
        self.phone = phone
        self._flow = flow
        self._drain = settings.drain
        self.door = Door(settings.door, settings.max_calls, self._notify)
        self.meter = LoadMeter(
            lambda: worker_loads(phone.media),
            lambda load: self.door.measured(load, len(self._calls)),
        )
        self._poster = Poster(phone.matrix, phone.journal, phone.new_id)
        self._calls: set[Call] = set()
        self._tasks = TaskOwner()
        self._gate = Gate(phone.matrix, settings.unverified, self._notify)
        phone.on_call = self._on_call
        phone.transfers.on_moved = self._begin
        phone.matrix.on_new_device = lambda device: self._gate.new_device(device, self._calls)
        self.meter.start()

    @property
    def live(self) -> int:
        """How many calls ring or go on."""
        return len(self._calls)

    def clear_up(self) -> None:
        """Begin with what a crash left; calls are answered meanwhile."""
        self._tasks.spawn(clear_up(self.phone, self._poster), "clearing up after a crash")

    async def aclose(self) -> None:
        """Let the calls that live finish as long as is set, end them, and let their recordings be
        posted. Who calls meanwhile hears busy."""
        self.door.draining = True
        await drain(self._calls, self._drain, self._post_notice)
        await self.meter.aclose()
        self.phone.transfers.on_moved = None
        self.phone.matrix.on_new_device = None
        for call in list(self._calls):
            call.hang_up()
        await self._tasks.drain(LAST_POSTS_SECONDS)
        self.phone.on_call = None  # until here the door says that we are about to end
        await self._tasks.aclose()

    def _on_call(self, call: Call) -> None:
        if self.door.admits(call, self._calls):
            self._begin(call)

    def _begin(self, call: Call) -> None:
        """Also with whom we were handed over to (MSC2747): that call takes the place of another,
        so no limit is in its way, and what its caller heard before is news to them."""
        self._calls.add(call)
        self._tasks.spawn(self._serve(call), f"call {call.id}")

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

    async def _post(self, call: Call, recording: Recording) -> str | None:
        began = time.monotonic()
        event_id = await self._poster.post(call.room_id, recording)
        posted = Posted(call.key, time.monotonic() - began, event_id is not None)
        self.phone.observers.tell(Topic.POST, posted)
        return event_id

    async def _finish(self, call: Call) -> None:
        """After a call: `call.json`, and its recordings into the room."""
        if call.recordings:
            file = call.file()
            async with call.writing:
                await write_file(file, call.folder)
            for recording in call.recordings:
                file.set_track(recording, await self._post(call, recording))
            await write_file(file, call.folder)
        await self.phone.forget(call)


def flow_of(settings: BotSettings) -> Flow:
    """The flow that a setting names."""

    async def record(call: Call) -> None:
        await recorder(call, settings.recorder)

    async def repeat(call: Call) -> None:
        await echo(call)

    return {BotKind.RECORDER: record, BotKind.ECHO: repeat}[settings.bot]


def sounds_of(settings: BotSettings) -> Sequence[Sound]:
    """What the shipped bot plays, to be made ready before the first call."""
    match settings.bot:
        case BotKind.RECORDER:
            return (settings.recorder.announcement, BEGIN, DONE)
        case BotKind.ECHO:
            return (GREETING, BEGIN)


@asynccontextmanager
async def running_bot(settings: BotSettings, flow: Flow | None = None) -> AsyncIterator[Bot]:
    """A bot that is logged in, has synced once, and answers while the context lasts.

    `flow` answers the calls instead of the shipped one that `settings.bot` names.
    Raises the typed errors of the Matrix edge and the store where it cannot start, and SoundError
    where an announcement cannot be made ready: better now than at the first call.
    """
    async with Phone(settings.phone) as phone:
        call_log = CallLog(phone.id_of)
        phone.observers.subscribe(Topic.CALL, call_log)
        phone.observers.subscribe(Topic.MEDIA, call_log)
        for sound in () if flow else sounds_of(settings):
            await phone.media.prepare(sound)
        bot = Bot(phone, flow or flow_of(settings), settings)
        try:
            bot.clear_up()
            yield bot
        finally:
            await bot.aclose()


async def run_bot(settings: BotSettings, on_ready: Callable[[str], None]) -> None:
    """Run a shipped bot until cancelled; `on_ready` is told its user id when it may be called."""
    async with running_bot(settings) as bot:
        on_ready(bot.phone.user_id)
        await bot.phone.run()
