"""One device on Matrix that can call and be called: both edges, the journal and the driver.

The composition root of everything below the bots. `async with Phone(settings) as phone` logs in,
waits for the first sync, and is ready; `phone.on_call` is told of each call that rings.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from voip.bot.call import Call
from voip.bot.call_file import write_file
from voip.bot.keeping import Policy
from voip.bot.sphinx import Sphinx
from voip.bot.traces import Traces, TraceSettings
from voip.bot.transcription import Transcriber
from voip.bot.transfers import Transfers
from voip.bot.trust import SendingDevices
from voip.driver import Driver
from voip.matrix.edge import MatrixEdge
from voip.matrix.settings import MatrixSettings
from voip.media.events import (
    Digit,
    FirstAudio,
    Interrupted,
    MediaClosed,
    MediaEvent,
    RecordingEnded,
    RecordingGrew,
)
from voip.media.settings import MediaSettings
from voip.media.workers.pool import create_media
from voip.observers import Observers, Topic
from voip.sending import JournaledSender
from voip.signalling.calls import Calls
from voip.signalling.commands import Ignored, Incoming, Notice, Replaced
from voip.signalling.config import CallConfig
from voip.signalling.events import Accept, HangUp, LocalEvent, Place, Reject, RemoteEvent
from voip.signalling.ids import CallKey, Party
from voip.store.errors import StoreError
from voip.store.journal import Journal
from voip.store.records import Direction, JournaledCall
from voip.tasks import TaskOwner

log = logging.getLogger(__name__)

CLOSING_SECONDS: Final = 5.0
"""How long the end waits for hangups to leave and recordings to be completed."""
MOST_UNTOLD: Final = 100
"""Inbound calls that ring while nobody wants to know of them: the latest are kept."""


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    matrix: MatrixSettings
    data_dir: Path
    """Journal and recordings; the Matrix edge has its own folder in its settings."""
    name: str = "phone"
    """Which bot or command it serves, for the journal."""
    media: MediaSettings = field(default_factory=MediaSettings)
    calls: CallConfig = field(default_factory=CallConfig)
    traces: TraceSettings = field(default_factory=TraceSettings)


class Phone:
    """Owns everything that runs; leaving its context ends it."""

    def __init__(self, settings: PhoneSettings) -> None:
        self.settings = settings
        self.recordings = settings.data_dir / "recordings"
        self.observers = Observers()
        self._on_call: Callable[[Call], None] | None = None
        self._untold: deque[Call] = deque(maxlen=MOST_UNTOLD)
        self.on_finish: Callable[[Call], None] | None = None
        """Told of each call that a flow placed and is done with. Must not block."""
        self.on_recording: Callable[[Call], None] | None = None
        """Told of each recording before it begins. What it raises, who wanted to record gets."""
        self.policy_of: Callable[[str, str], Policy] = lambda room_id, user_id: Policy()
        """The operator's, for a room and the other side's user id."""
        self.on_words: Callable[[Call, str], Awaitable[None]] | None = None
        """Puts words beside the recordings of a call."""
        self.media = create_media(settings.media, self._on_media)
        self.matrix = MatrixEdge(settings.matrix, self._on_remote)
        self.traces = Traces(settings.traces, settings.data_dir / "traces", self.new_id)
        self._journal: Journal | None = None
        self._driver: Driver | None = None
        self._calls: dict[CallKey, Call] = {}
        self._devices = SendingDevices()
        self._tasks = TaskOwner()
        self.transfers = Transfers(self)
        self._sync: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def journal(self) -> Journal:
        assert self._journal is not None, "the phone has not been started"  # noqa: S101
        return self._journal

    @property
    def on_call(self) -> Callable[[Call], None] | None:
        """Told of each inbound call when it rings, and must not block.

        Who sets it is told at once of those that ring already: the first sync may bring some.
        """
        return self._on_call

    @on_call.setter
    def on_call(self, told: Callable[[Call], None] | None) -> None:
        self._on_call = told
        while told is not None and self._untold:
            if (call := self._untold.popleft()).end is None:
                told(call)

    @property
    def user_id(self) -> str:
        return self.matrix.user_id

    @staticmethod
    def new_id() -> str:
        """A new random id: safe in a path, on the wire and as a transaction id."""
        return secrets.token_hex(8)

    async def run(self) -> None:
        """Wait until the sync ends, which it does by an error that says what to do."""
        assert self._sync is not None, "the phone has not been started"  # noqa: S101
        await asyncio.shield(self._sync)

    async def _start(self) -> None:
        await asyncio.to_thread(_make_private, self.settings.data_dir)
        self._journal = await Journal.open(self.settings.data_dir / "journal.db")
        await self.media.open()
        await self.matrix.start()
        us = Party(self.matrix.user_id, self.matrix.device_id)
        calls = Calls(us, self.settings.calls, await self._over(), time.monotonic())
        sender = JournaledSender(self.matrix, self._journal, self.new_id)
        self._driver = Driver(
            calls, sender, self.media, self, time.monotonic, observers=self.observers
        )
        self.traces.start(us, calls.state, lambda: self.matrix.turn.reason, self.observers)
        self._sync = asyncio.create_task(self.matrix.run(), name="sync")
        ready = asyncio.create_task(self.matrix.ready())
        try:
            await asyncio.wait({self._sync, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._sync.done():
            self._sync.result()  # raises what ended it

    async def _over(self) -> list[CallKey]:
        """The calls whose invite must not ring when it comes once more. Those that lived when the
        process died are among them: it may not have kept its place in the sync, and they are about
        to be hung up."""
        lived = [call.key for call in await self.journal.live_calls()]
        return [*await self.journal.tombstones(), *lived]

    async def aclose(self) -> None:
        """Hang up what lives, complete the recordings, and end everything that runs."""
        calls = list(self._calls.values())
        for call in calls:
            call.hang_up()
        if calls:
            closing = [asyncio.ensure_future(call.closed()) for call in calls]
            await asyncio.wait(closing, timeout=CLOSING_SECONDS)
            for waiter in closing:
                waiter.cancel()
        if self._driver is not None:
            await self._driver.aclose(CLOSING_SECONDS)
        if self._sync is not None:
            self._sync.cancel()
            await asyncio.gather(self._sync, return_exceptions=True)
        await self.transfers.aclose()
        await self._tasks.aclose()
        await self.media.aclose()
        await self.traces.aclose()
        await self.matrix.aclose()
        if self._journal is not None:
            await self._journal.close()

    # --- calls ---

    async def place(
        self,
        room_id: str,
        *,
        invitee: str | None,
        video: bool = False,
        call_id: str | None = None,
        near: Call | None = None,
    ) -> Call:
        """Call somebody in a room that we are in. The call goes on by itself from here.

        `call_id` where a transfer has chosen it; `near`: a call that this one will be bridged
        with. Raises `CallExists` where the id was used before.
        """
        key = CallKey(room_id, call_id or self.new_id())
        if near is not None:
            self.media.keep_together(key, near.key)
        call = Call(self, key, Direction.OUTBOUND, invitee or "", video)
        self._calls[key] = call
        await self._note_began(call)
        self._running.perform(Place(key, invitee, video))
        self.traces.name(key, call.id)
        return call

    async def accept(self, call: Call) -> None:
        await self._note_began(call)
        if call.end is None:  # it may have ended while the journal was written
            self._running.perform(Accept(call.key))

    def reject(self, call: Call) -> None:
        if call.end is None:
            self._running.perform(Reject(call.key))

    def perform(self, wish: LocalEvent) -> None:
        """What only an answered call can be asked. Raises `WrongState` or `UnknownCall`."""
        self._running.perform(wish)

    def hang_up(self, call: Call, reason: str) -> None:
        self._running.perform(HangUp(call.key, reason))

    async def start_recording(
        self,
        call: Call,
        *,
        until_silence: float | None,
        max_seconds: float | None,
        both: bool = False,
    ) -> None:
        """Make the call's folder and record into it. Raises OSError where it cannot be made."""
        if self.on_recording is not None:
            self.on_recording(call)
        await asyncio.to_thread(call.folder.mkdir, parents=True, exist_ok=True)
        async with call.writing:
            await write_file(call.file(), call.folder)
        await self.journal.call_updated(call.key, folder=call.folder.name)
        await self.media.start_recording(
            call.key,
            call.folder,
            until_silence=until_silence,
            max_seconds=max_seconds,
            both=both,
        )

    def write_soon(self, call: Call) -> None:
        """Bring `call.json` up to date while a recording is made."""
        self._tasks.spawn(self._write_growth(call), "writing call.json")

    async def _write_growth(self, call: Call) -> None:
        """So that a crash leaves a file that says what belongs where."""
        async with call.writing:
            if call.under_way:  # else the end of the call writes more
                await write_file(call.file(), call.folder)

    def finish(self, call: Call) -> None:
        """Nobody waits for this call any more: what is left to do happens by itself."""
        if self.on_finish is not None:
            self.on_finish(call)
        else:
            self._tasks.spawn(self.forget(call), "after a call")

    def recogniser(self, phrases: Sequence[str]) -> AbstractAsyncContextManager[Transcriber]:
        """See `Call.recogniser`. Raises ValueError."""
        return Sphinx(phrases)

    async def post_words(self, call: Call, text: str) -> None:
        """See `Call.post_words`."""
        if self.on_words is not None:
            await self.on_words(call, text)

    async def forget(self, call: Call) -> None:
        """Nothing is left to do for a call that is closed: a crash from here on is none of its."""
        end = await call.closed()
        await self._note(self.journal.call_ended(call.key, end.reason.name.lower()))

    async def _note_began(self, call: Call) -> None:
        record = JournaledCall(
            key=call.key,
            party_id=self.matrix.device_id,
            direction=call.direction,
            peer_user_id=call.peer_user_id,
            bot=self.settings.name,
        )
        await self._note(self.journal.call_began(record))

    async def _note(self, note: Awaitable[None]) -> None:
        """A call goes on without its journal; only a crash would need it."""
        try:
            await note
        except StoreError as error:
            log.error("the journal could not be written: %s", error)

    # --- what the edges and the driver say ---

    @property
    def _running(self) -> Driver:
        assert self._driver is not None, "the phone has not been started"  # noqa: S101
        return self._driver

    def _on_remote(self, event: RemoteEvent) -> None:
        self._devices.note(event)
        self._running.take(event)

    def _on_media(self, event: MediaEvent) -> None:
        if not (isinstance(event, Digit) and event.masked):
            self.observers.tell(Topic.MEDIA, event)  # the cause before what the core makes of it
        self._running.take_media(event)
        call = self._calls.get(event.key)
        if call is None:
            return
        match event:
            case FirstAudio():
                call.on_first_audio()
            case RecordingGrew(recording=recording):
                call.on_growth(recording)
                self.write_soon(call)
            case RecordingEnded(recording=recording):
                call.on_recording(recording)
            case Digit(digit=digit):
                call.on_digit(digit)
            case Interrupted():
                call.on_interrupted()
            case MediaClosed(stats=stats):
                call.on_media_closed(stats)

    def on_notice(self, notice: Notice) -> None:
        match notice:
            case Ignored():
                pass
            case Incoming():
                self._ring(notice)
            case Replaced():
                self._replace(notice)
            case _ if (call := self._calls.get(notice.key)) is not None:
                call.on_notice(notice)
        self.observers.tell(Topic.CALL, notice)

    def call_of(self, key: CallKey) -> Call | None:
        """A call that lives."""
        return self._calls.get(key)

    def id_of(self, key: CallKey) -> str | None:
        """The own id of a call that lives, for logs."""
        call = self._calls.get(key)
        return None if call is None else call.id

    def _ring(self, notice: Incoming) -> None:
        call = Call(self, notice.key, Direction.INBOUND, notice.caller.user_id, notice.video)
        call.device_key = self._devices.take(notice.key, notice.caller.user_id)
        self._calls[notice.key] = call
        self.traces.name(call.key, call.id)
        if self.transfers.expects(call):
            return
        if self._on_call is None:
            self._untold.append(call)
        else:
            self._on_call(call)

    def _replace(self, notice: Replaced) -> None:
        """Glare: who called goes on in the call of the other side, without noticing."""
        call = self._calls.pop(notice.key, None)
        if call is None:
            return
        self.media.keep_together(notice.by, notice.key)
        call.key, call.direction = notice.by, Direction.INBOUND
        call.peer_user_id = notice.caller.user_id
        call.device_key = self._devices.take(notice.by, notice.caller.user_id)
        self._calls[notice.by] = call
        self.traces.name(call.key, call.id)
        self._tasks.spawn(self._note_replaced(call, notice.key), "noting a replaced call")

    async def _note_replaced(self, call: Call, old: CallKey) -> None:
        if old != call.key:
            await self._note_began(call)
            await self._note(self.journal.call_ended(old, "replaced"))

    def on_closed(self, key: CallKey) -> None:
        call = self._calls.pop(key, None)
        if call is not None:
            call.on_closed()


def _make_private(folder: Path) -> None:
    """Recordings, keys and tokens are nobody else's."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
