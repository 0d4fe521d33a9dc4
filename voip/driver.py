"""Where the three concerns meet: events into the core, its commands out to the edges.

Run to completion: an event is handled, everything that the core asks and tells is started, and only
then the next event is looked at. Nothing here waits: what takes time runs in a task that the driver
owns, and comes back as a result event. Media commands of one call are carried out in order; calls
do not wait for each other. A send is in the journal before it leaves. One timer is armed, for the
core's earliest deadline.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from voip.media import events as media
from voip.media.events import Connected, Failed, MediaEvent, MediaFailure
from voip.media.interface import Media
from voip.media_lanes import MediaCommand, MediaLanes
from voip.observers import Observers, Passing, Topic, Way
from voip.signalling.calls import Calls
from voip.signalling.commands import (
    Command,
    Ended,
    Notice,
    SendEvent,
)
from voip.signalling.events import (
    Event,
    LocalCandidates,
    LocalEvent,
    LocalStreams,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    SendFailed,
    SendProblem,
    Sent,
)
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey
from voip.tasks import TaskOwner

log = logging.getLogger(__name__)


class SignallingPort(Protocol):
    """What the driver needs of the Matrix edge and the journal."""

    async def send(self, command: SendEvent) -> SendProblem | None:
        """Send an event, in the order in which the sends of a call were started."""

    async def ice_servers(self) -> Sequence[IceServer]:
        """TURN and STUN servers for a call that begins now; never raises, never takes long."""


class Listener(Protocol):
    """Who is told what happens. Its methods must neither block nor raise."""

    def on_notice(self, notice: Notice) -> None:
        """Everything that the core tells, in order."""

    def on_closed(self, key: CallKey) -> None:
        """The call has ended, its media is closed and its recordings are complete."""


_PROBLEMS: Final[Mapping[MediaFailure, MediaProblem]] = {
    MediaFailure.ICE_FAILED: MediaProblem.ICE_FAILED,
    MediaFailure.CONNECT_TIMEOUT: MediaProblem.CONNECT_TIMEOUT,
    MediaFailure.DTLS_FAILED: MediaProblem.ICE_FAILED,
    MediaFailure.PEER_GONE: MediaProblem.LOST,
    MediaFailure.WORKER_DIED: MediaProblem.CRASHED,
}


class Driver:
    """Runs one device's calls on the running event loop."""

    def __init__(
        self,
        calls: Calls,
        signalling: SignallingPort,
        engine: Media,
        listener: Listener,
        clock: Callable[[], float],
        *,
        observers: Observers | None = None,
    ) -> None:
        """`observers` are told everything that passes (`Topic.DRIVER`), where anybody watches."""
        self._calls = calls
        self._signalling = signalling
        self._listener = listener
        self._clock = clock
        self._observers = observers or Observers()
        self._inbox: deque[Event] = deque()
        self._draining = False
        self._tasks = TaskOwner()
        self._media = MediaLanes(engine, signalling.ice_servers, self.take, self._tasks)
        self._timer: asyncio.TimerHandle | None = None

    # --- in ---

    def take(self, event: Event) -> None:
        """Take a remote event or a result; returns when everything it led to has been started."""
        self._inbox.append(event)
        self._drain()

    def take_media(self, event: MediaEvent) -> None:
        """Take what the media edge says of its own accord."""
        match event:
            case Connected(key):
                self.take(MediaConnected(key))
            case media.LocalCandidates(key, candidates):
                self.take(LocalCandidates(key, candidates))
            case media.LocalStreams(key, streams, outdated):
                self.take(LocalStreams(key, streams, outdated))
            case Failed(key, failure):
                self.take(MediaFailed(key, _PROBLEMS[failure]))

    def perform(self, event: LocalEvent) -> None:
        """Do what somebody here wishes.

        Raises `UnknownCall`, `CallExists` or `WrongState`, and has done nothing then.
        """
        self._handle(event)
        self._drain()

    async def aclose(self, patience: float = 0.0) -> None:
        """Stop. What is under way (a hangup on its way out) has `patience` seconds to finish."""
        await self._tasks.drain(patience)
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.aclose()

    # --- out ---

    def _drain(self) -> None:
        if self._draining:  # a notice led to another event: the outer drain takes it
            return
        self._draining = True
        try:
            self._carry_out()
            while self._inbox:
                self._handle(self._inbox.popleft())
                self._carry_out()
        finally:
            self._draining = False
        self._arm()

    def _handle(self, event: Event) -> None:
        now = self._clock()
        self._calls.handle(event, now)
        self._show(Way.EVENT, event, now)

    def _show(
        self, way: Way, what: Event | Command | Notice | CallKey | None, at: float | None = None
    ) -> None:
        if self._observers.watched(Topic.DRIVER):
            passing = Passing(way, what, self._clock() if at is None else at)
            self._observers.tell(Topic.DRIVER, passing)

    def _carry_out(self) -> None:
        while (item := self._calls.poll()) is not None:
            if isinstance(item, SendEvent):
                self._show(Way.COMMAND, item)
                self._tasks.spawn(self._send(item), f"send {item.type}")
            elif isinstance(item, MediaCommand):
                self._show(Way.COMMAND, item)
                self._media.start(item)
            else:
                self._show(Way.NOTICE, item)
                self._tell(item)

    def _tell(self, notice: Notice) -> None:
        try:
            self._listener.on_notice(notice)
        except Exception:
            log.exception("the listener failed at %s", type(notice).__name__)
        if isinstance(notice, Ended):
            key = notice.key
            self._media.after_closing(key, lambda: self._close(key))

    def _close(self, key: CallKey) -> None:
        self._show(Way.CLOSED, key)
        self._listener.on_closed(key)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._calls.deadline()
        if deadline is not None:
            wait = max(0.0, deadline - self._clock())
            self._timer = asyncio.get_running_loop().call_later(wait, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = self._clock()
        self._calls.advance(now)
        self._show(Way.TIMER, None, now)
        self._drain()

    # --- commands ---

    async def _send(self, command: SendEvent) -> None:
        problem = await self._signalling.send(command)
        result = (
            Sent(command.key, command.request)
            if problem is None
            else SendFailed(command.key, command.request, problem)
        )
        self.take(result)
