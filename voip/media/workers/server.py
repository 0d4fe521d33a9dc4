"""A worker's side: does what the pool asks of its engine, and says what the engine says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from voip.media.engine import MediaEngine
from voip.media.errors import CallClosed, MediaError
from voip.media.events import MediaEvent
from voip.media.libopus import OpusError, OpusUnavailable
from voip.media.settings import MediaSettings
from voip.media.workers.channel import Channel
from voip.media.workers.failures import KNOWN, packed
from voip.media.workers.feed import Feed
from voip.media.workers.log_sender import send_logs
from voip.media.workers.messages import (
    TO_WORKER,
    Answer,
    Ask,
    Cancel,
    FromWorker,
    Listen,
    More,
    Ping,
    Pong,
    Refusal,
    Said,
    Start,
    ToWorker,
)
from voip.media.workers.methods import EVENT, METHODS

log = logging.getLogger(__name__)


class Server:
    """Everything that runs here ends with the process, which ends with the pool's socket."""

    def __init__(self, over: Callable[[], None]) -> None:
        self.channel: Channel[ToWorker, FromWorker] = Channel(TO_WORKER, self._take, over)
        self._engine: MediaEngine | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._feeds: dict[int, Feed] = {}

    @property
    def engine(self) -> MediaEngine:
        assert self._engine is not None, "Start is the first message"  # noqa: S101
        return self._engine

    def _take(self, message: ToWorker) -> None:
        match message:
            case Start(settings, levels):
                self._start(settings, levels)
            case Ask():
                self._spawn(message.number, self._perform(message))
            case Listen():
                self._listen(message)
            case More(number, credit):
                if number in self._feeds:
                    self._feeds[number].allow(credit)
            case Cancel(number):
                if number in self._tasks:
                    self._tasks[number].cancel()
            case Ping():
                self.channel.send(Pong(time.thread_time()))

    def _start(self, settings: MediaSettings, levels: dict[str, int]) -> None:
        send_logs(self.channel, levels)
        self._engine = MediaEngine(settings, self._say)

    def _say(self, event: MediaEvent) -> None:
        self.channel.send(Said(msgspec.Raw(EVENT.encode(event))))

    async def _perform(self, ask: Ask) -> None:
        try:
            result = await METHODS[ask.method].perform(self.engine, ask.arguments)
        except asyncio.CancelledError:  # whoever has asked does not wait, unless it was not they
            self._refuse(ask.number, CallClosed())
            raise
        except Exception as error:
            if not isinstance(error, tuple(KNOWN.values())):
                log.exception("%s failed in a media worker", ask.method)
            self._refuse(ask.number, error)
        else:
            self.channel.send(Answer(ask.number, result))

    def _listen(self, wish: Listen) -> None:
        try:  # at once: what arrives from here on is heard
            sound = self.engine.listen(wish.key, wish.rate)
        except (MediaError, OpusError, OpusUnavailable) as error:
            self._refuse(wish.number, error)
            return
        feed = self._feeds[wish.number] = Feed(wish.number, sound, wish.credit, self.channel.send)
        self._spawn(wish.number, feed.run())

    def _refuse(self, number: int, error: Exception) -> None:
        self.channel.send(Refusal(number, packed(error)))

    def _spawn(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks[number] = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda done: self._done(number, done))

    def _done(self, number: int, task: asyncio.Task[None]) -> None:
        del self._tasks[number]
        self._feeds.pop(number, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of a media worker failed", exc_info=error)
