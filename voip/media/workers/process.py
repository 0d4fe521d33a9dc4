"""One worker process as the pool sees it: started, asked, listened to, ended."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import site
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from voip.media.errors import WorkerDied, WorkerFailed
from voip.media.events import MediaEvent
from voip.media.libopus import Rate
from voip.media.settings import MediaSettings
from voip.media.workers import log_receiver
from voip.media.workers.channel import Channel
from voip.media.workers.failures import unpacked
from voip.media.workers.messages import (
    FROM_WORKER,
    Answer,
    Ask,
    Cancel,
    FromWorker,
    Heard,
    Listen,
    Logged,
    Ping,
    Pong,
    Refusal,
    Said,
    Silent,
    Start,
    ToWorker,
)
from voip.media.workers.methods import EVENT, METHODS, Method
from voip.media.workers.samples import CREDIT, RemoteListening
from voip.media.workers.share import Share
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)

MODULE = "voip.media.workers.worker"
"""What a worker runs."""
STARTS_WITHIN: Final = 60.0
"""Seconds: the interpreter, the libraries, the port; a second where the machine is idle."""
BEAT: Final = 5.0
"""Seconds between two pings."""
UNANSWERED: Final = 6
"""Pings without a word from the worker, after which its loop hangs: half a minute."""
MOST_ASKED: Final = 10_000
"""Requests that may be open at the same time: several for each call that a worker could carry."""


class WorkerProcess:
    """`say` gets its events, in order. `over` is called once, when it is gone."""

    def __init__(
        self,
        say: Callable[[WorkerProcess, MediaEvent], None],
        over: Callable[[WorkerProcess], None],
    ) -> None:
        self._say, self._tell_over = say, over
        self._channel: Channel[FromWorker, ToWorker] = Channel(FROM_WORKER, self._take, self._over)
        self._process: Process | None = None
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._heard: dict[int, RemoteListening] = {}
        self._unanswered = 0
        self._beat: asyncio.TimerHandle | None = None
        self.running = False
        """It can be given calls."""
        self.load = Share()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self, settings: MediaSettings) -> None:
        """Returns when it can be given calls. Raises what `MediaEngine.open` raises, and
        WorkerFailed where it does not come up."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await _spawn(theirs.fileno())
            await self._channel.open(ours)
            self._channel.send(Start(settings, log_receiver.levels()))
            async with asyncio.timeout(STARTS_WITHIN):
                await self.ask(METHODS["open"], {})
        except (WorkerDied, TimeoutError) as error:
            await self.kill()
            raise WorkerFailed("a media worker did not start: the log says why") from error
        except BaseException:
            await self.kill()
            ours.close()
            raise
        self.running = True
        self._ping()

    async def ask(self, method: Method, given: Mapping[str, Any]) -> Any:
        """Call a method of its engine. Cancelling it cancels it there. Raises what the method
        raises, and WorkerDied."""
        if len(self._asked) >= MOST_ASKED:
            raise WorkerFailed("too much is asked of a media worker at the same time")
        if self._channel.closed:
            raise WorkerDied
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self._channel.send(Ask(number, method.name, method.encode(given)))
        try:
            return method.result.decode(await answer)
        except asyncio.CancelledError:
            self._channel.send(Cancel(number))
            raise
        finally:
            self._asked.pop(number, None)

    def listen(self, key: CallKey, rate: Rate) -> RemoteListening:
        number = next(self._numbers)
        sound = self._heard[number] = RemoteListening(
            number, rate, lambda message: self._about_sound(number, message)
        )
        self._channel.send(Listen(number, key, rate, CREDIT))
        return sound

    async def kill(self) -> None:
        """End it at once; returns when the process is gone."""
        self.running = False
        self._channel.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _about_sound(self, number: int, message: ToWorker) -> None:
        if isinstance(message, Cancel):
            self._heard.pop(number, None)
        self._channel.send(message)

    def _ping(self) -> None:
        if self._unanswered >= UNANSWERED:
            log.error("a media worker does not answer any more: it is ended")
            self._channel.close()
            return
        self._unanswered += 1
        self._channel.send(Ping())
        self._beat = asyncio.get_running_loop().call_later(BEAT, self._ping)

    def _take(self, message: FromWorker) -> None:
        self._unanswered = 0
        match message:
            case Said(event):
                self._say(self, EVENT.decode(event))
            case Heard(number):
                if number in self._heard:
                    self._heard[number].heard(message)
            case Silent(number):
                self._silent(number)
            case Answer(number, result):
                if (answer := self._open(number)) is not None:
                    answer.set_result(result)
            case Refusal(number, failure):
                self._silent(number)  # in case it was a Listen
                if (answer := self._open(number)) is not None:
                    answer.set_exception(unpacked(failure))
            case Pong(cpu):
                self.load.told(cpu, asyncio.get_running_loop().time())
            case Logged():
                log_receiver.log(message)

    def _silent(self, number: int) -> None:
        if (sound := self._heard.pop(number, None)) is not None:
            sound.end()

    def _open(self, number: int) -> asyncio.Future[msgspec.Raw] | None:
        answer = self._asked.get(number)
        return None if answer is None or answer.done() else answer

    def _over(self) -> None:
        self.running = False
        if self._beat is not None:
            self._beat.cancel()
        self._tell_over(self)  # why comes before what follows from it
        for number in list(self._heard):
            self._silent(number)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(WorkerDied())


async def _spawn(descriptor: int) -> Process:
    # -P: what lies in the working folder is no module of ours.
    command = (sys.executable, "-P", "-m", MODULE, str(descriptor))
    return await asyncio.create_subprocess_exec(
        *command, pass_fds=(descriptor,), stdin=DEVNULL, stdout=DEVNULL, env=_environment()
    )


def _environment() -> dict[str, str]:
    """Without our settings, for there are passwords among them, and with the code that runs here
    where that is not installed."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("VOIP_")}
    root = str(Path(__file__).parents[3])
    if root not in site.getsitepackages():
        found["PYTHONPATH"] = os.pathsep.join(
            path for path in (root, found.get("PYTHONPATH")) if path
        )
    return found
