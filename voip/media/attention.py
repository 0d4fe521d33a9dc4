"""Who wants to know when the other side of a call speaks, and what it says.

Packets only wait here until the thread comes round. It decodes and judges them for all calls of
the process, in the process that has the media: an utterance is a few hundred kilobytes once,
samples would be fifty messages a second and a call, and silence costs neither side anything.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from voip.media.ear import Ear
from voip.media.libopus import library
from voip.media.packets import AudioPacket
from voip.media.speech_model import models
from voip.media.utterance import Block
from voip.media.writer import WriterThread

log = logging.getLogger(__name__)


class _Thread(WriterThread):
    NAME = "listening"
    INTERVAL = 0.05
    """Seconds: how much later than it happened it is noticed that somebody speaks."""


ears: Final = _Thread()
"""Shared by every call of the process."""


class Listener(Protocol):
    """Told what is heard, in the thread. `rest`: nobody speaks until then; `end`: the call is
    over."""

    def hear(self, block: Block) -> None: ...

    def rest(self, at: float) -> None: ...

    def end(self) -> None: ...


class Attention:
    """An AudioSink. Each call has one as long as it has listeners."""

    MOST_WAITING = 1000
    """Packets that wait for the thread: 20 s. Then the oldest are dropped."""

    def __init__(
        self, closed: Callable[[], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """On the loop. `closed`: no packets are wanted any more; called on the loop.

        Raises OpusUnavailable.
        """
        library()
        self._closed = closed
        self._clock = clock
        self._ear = Ear(models)
        self._waiting: deque[AudioPacket] = deque(maxlen=self.MOST_WAITING)
        self._listeners: tuple[Listener, ...] = ()
        self._over = False
        self._prepared = False

    def audio(self, packet: AudioPacket) -> None:
        """AudioSink: take one packet, on the loop."""
        self._waiting.append(packet)

    def add(self, listener: Listener) -> None:
        first = not self._listeners
        self._listeners = (*self._listeners, listener)
        if first:
            ears.add(self)

    def remove(self, listener: Listener) -> None:
        """One that is not there is no error."""
        if listener not in self._listeners:
            return
        self._listeners = tuple(one for one in self._listeners if one is not listener)
        if not self._listeners:
            self.end()

    def end(self) -> None:
        """The call is over: what has come is still heard."""
        if not self._over:
            self._over = True
            self._closed()
            ears.wake()

    def work(self) -> bool:
        """For the thread: hear what has come."""
        if not self._prepared:
            models.prepare()
            self._prepared = True
        over = self._over  # read before the packets: what came in before is heard
        now = self._clock()
        packets = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            for block in self._ear.hear(packets, now):
                for listener in self._listeners:
                    listener.hear(block)
            if not self._ear.awake:
                for listener in self._listeners:
                    listener.rest(now)
        except Exception:  # the thread serves every other call too
            log.exception("listening to a call failed")
            over = self._over = True
        if over:
            self._ear.close()
            for listener in self._listeners:
                listener.end()
        return over
