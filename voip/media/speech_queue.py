"""What comes of listening to a call: utterances that wait for their reader, and the moment in which
somebody begins to speak."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from voip.media.attention import Listener
from voip.media.utterance import SECONDS, Block, Collector, Utterance
from voip.media.voice import Endpointer, SpeechBegan, SpeechRules


class SpeechQueue:
    """A Listener that collects utterances. For one reader, on the loop that made it.

    What nobody asks for is kept for `KEPT` seconds of speech; then the oldest is dropped, and the
    next one says so.
    """

    KEPT = 60.0

    def __init__(self, rules: SpeechRules) -> None:
        self._loop = asyncio.get_running_loop()
        self._collector = Collector(rules)
        self._ready: deque[Utterance] = deque()
        self._missed = 0
        self._over = False
        self._news = asyncio.Event()

    async def next(self) -> Utterance | None:
        """None when the call is over and everything was given."""
        while not self._ready:
            if self._over:
                return None
            self._news.clear()
            await self._news.wait()
        utterance, missed = self._ready.popleft(), self._missed
        self._missed = 0
        return replace(utterance, missed=missed) if missed else utterance

    def close(self) -> None:
        """The reader wants no more."""
        self._ready.clear()
        self._finish()

    # --- in the thread ---

    def hear(self, block: Block) -> None:
        self._give(self._collector.hear(block))

    def rest(self, at: float) -> None:
        self._give(self._collector.rest(at))

    def end(self) -> None:
        self._give(self._collector.end())
        _on(self._loop, self._finish)

    def _give(self, utterance: Utterance | None) -> None:
        if utterance is not None:
            _on(self._loop, lambda: self._put(utterance))

    # --- on the loop ---

    def _put(self, utterance: Utterance) -> None:
        if self._over:
            return
        self._ready.append(utterance)
        while len(self._ready) > 1 and sum(one.seconds for one in self._ready) > self.KEPT:
            self._ready.popleft()
            self._missed += 1
        self._news.set()

    def _finish(self) -> None:
        self._over = True
        self._news.set()


class Onset:
    """A Listener for the moment in which somebody begins to speak."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._endpointer = Endpointer(silence=float("inf"))
        self.began: asyncio.Future[float | None] = self._loop.create_future()
        """When, in seconds of the arrivals' clock; None where the call ended before."""

    def hear(self, block: Block) -> None:
        match self._endpointer.hear(block.speech, block.at, block.at + SECONDS):
            case SpeechBegan(at):
                _on(self._loop, lambda: self._say(at))

    def rest(self, at: float) -> None:
        self._endpointer.hear(0.0, at, at)

    def end(self) -> None:
        _on(self._loop, lambda: self._say(None))

    def _say(self, at: float | None) -> None:
        if not self.began.done():
            self.began.set_result(at)


class Speaker(Protocol):
    """A call that can be listened to."""

    def attend(self, listener: Listener) -> None:
        """Raises OpusUnavailable."""
        ...

    def ignore(self, listener: Listener) -> None: ...


class Readers:
    """The queues of an engine, by number: they outlive their calls until they are read."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._queues: dict[int, tuple[SpeechQueue, Speaker]] = {}

    def start(self, call: Speaker, rules: SpeechRules) -> int:
        number, queue = next(self._numbers), SpeechQueue(rules)
        call.attend(queue)
        self._queues[number] = queue, call
        return number

    async def next(self, number: int) -> Utterance | None:
        """None where there is no such number, or nothing follows."""
        found = self._queues.get(number)
        return None if found is None else await found[0].next()

    def stop(self, number: int) -> None:
        found = self._queues.pop(number, None)
        if found is not None:
            queue, call = found
            call.ignore(queue)
            queue.close()


def _on(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
        loop.call_soon_threadsafe(act)
