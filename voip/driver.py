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
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol

from voip.media import events as media
from voip.media.errors import BadDescription, NoCommonCodec, NoRelay
from voip.media.events import Connected, Failed, MediaEvent, MediaFailure
from voip.observers import Observers, Passing, Topic, Way
from voip.signalling.calls import Calls
from voip.signalling.commands import (
    AddCandidates,
    ApplyAnswer,
    CloseMedia,
    Command,
    CreateAnswer,
    CreateOffer,
    Ended,
    Notice,
    SendEvent,
)
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    Event,
    LocalCandidates,
    LocalEvent,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    OfferReady,
    ResultEvent,
    SendFailed,
    SendProblem,
    Sent,
)
from voip.signalling.ice import Candidate, IceServer
from voip.signalling.ids import CallKey
from voip.tasks import Lane, TaskOwner

log = logging.getLogger(__name__)


class SignallingPort(Protocol):
    """What the driver needs of the Matrix edge and the journal."""

    async def send(self, command: SendEvent) -> SendProblem | None:
        """Send an event, in the order in which the sends of a call were started."""

    async def ice_servers(self) -> Sequence[IceServer]:
        """TURN and STUN servers for a call that begins now; never raises, never takes long."""


class MediaPort(Protocol):
    """What the driver needs of the media edge; `MediaEngine` has it."""

    async def create_offer(
        self, key: CallKey, *, video: bool, ice_servers: Sequence[IceServer]
    ) -> str: ...
    async def create_answer(
        self, key: CallKey, offer: str, *, ice_servers: Sequence[IceServer]
    ) -> str: ...
    async def apply_answer(self, key: CallKey, answer: str) -> None: ...
    async def add_candidates(self, key: CallKey, candidates: Sequence[Candidate]) -> None: ...
    async def close(self, key: CallKey) -> None: ...


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
}


class Driver:
    """Runs one device's calls on the running event loop."""

    def __init__(
        self,
        calls: Calls,
        signalling: SignallingPort,
        engine: MediaPort,
        listener: Listener,
        clock: Callable[[], float],
        *,
        observers: Observers | None = None,
    ) -> None:
        """`observers` are told everything that passes (`Topic.DRIVER`), where anybody watches."""
        self._calls = calls
        self._signalling = signalling
        self._media = engine
        self._listener = listener
        self._clock = clock
        self._observers = observers or Observers()
        self._inbox: deque[Event] = deque()
        self._draining = False
        self._tasks = TaskOwner()
        self._lanes: dict[CallKey, Lane] = {}
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
        self._lanes.clear()
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
            start = self._starters.get(type(item))
            self._show(Way.NOTICE if start is None else Way.COMMAND, item)
            if start is None:
                self._tell(item)  # type: ignore[arg-type]  # not a command, so a notice
            else:
                start(self, item)

    def _tell(self, notice: Notice) -> None:
        try:
            self._listener.on_notice(notice)
        except Exception:
            log.exception("the listener failed at %s", type(notice).__name__)
        if isinstance(notice, Ended):
            if notice.key in self._lanes:  # behind the closing of its media
                self._lanes[notice.key].put(self._closed_job(notice.key))
            else:
                self._close(notice.key)

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

    def _start_send(self, command: SendEvent) -> None:
        self._tasks.spawn(self._send(command), f"send {command.type}")

    async def _send(self, command: SendEvent) -> None:
        problem = await self._signalling.send(command)
        result = (
            Sent(command.key, command.request)
            if problem is None
            else SendFailed(command.key, command.request, problem)
        )
        self.take(result)

    def _start_offer(self, command: CreateOffer) -> None:
        async def work() -> ResultEvent:
            servers = await self._signalling.ice_servers()
            sdp = await self._media.create_offer(
                command.key, video=command.video, ice_servers=servers
            )
            return OfferReady(command.key, command.request, sdp, _complete(sdp))

        self._in_lane(command, work)

    def _start_answer(self, command: CreateAnswer) -> None:
        async def work() -> ResultEvent:
            servers = await self._signalling.ice_servers()
            sdp = await self._media.create_answer(command.key, command.offer, ice_servers=servers)
            return AnswerReady(command.key, command.request, sdp, _complete(sdp))

        self._in_lane(command, work)

    def _start_apply(self, command: ApplyAnswer) -> None:
        async def work() -> ResultEvent:
            await self._media.apply_answer(command.key, command.answer)
            return AnswerApplied(command.key, command.request)

        self._in_lane(command, work)

    def _start_candidates(self, command: AddCandidates) -> None:
        async def work() -> None:
            await self._media.add_candidates(command.key, command.candidates)

        if not self._lane(command.key).put(work):
            log.warning("a call's candidates were dropped: too many are waiting")

    def _start_close(self, command: CloseMedia) -> None:
        async def work() -> None:
            await self._media.close(command.key)

        self._lane(command.key).put_last(work)

    def _in_lane(
        self,
        command: CreateOffer | CreateAnswer | ApplyAnswer,
        work: Callable[[], Coroutine[Any, Any, ResultEvent]],
    ) -> None:
        """Run a media request in its call's lane; its failure is a result too."""

        async def job() -> None:
            try:
                result = await work()
            except Exception as error:
                if (problem := _problem(error)) is MediaProblem.INTERNAL:
                    log.exception("the media edge failed at %s", type(command).__name__)
                result = MediaFailed(command.key, problem, command.request)
            self.take(result)

        self._lane(command.key).put(job)

    def _lane(self, key: CallKey) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._tasks, "media of a call")
        return lane

    def _closed_job(self, key: CallKey) -> Callable[[], Coroutine[Any, Any, None]]:
        async def job() -> None:
            self._lanes.pop(key, None)
            self._close(key)

        return job

    _starters: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = {
        SendEvent: _start_send,
        CreateOffer: _start_offer,
        CreateAnswer: _start_answer,
        ApplyAnswer: _start_apply,
        AddCandidates: _start_candidates,
        CloseMedia: _start_close,
    }


def _complete(sdp: str) -> bool:
    """Whether every candidate is in the description already (RFC 8840 §8.2)."""
    return "a=end-of-candidates" in sdp


def _problem(error: Exception) -> MediaProblem:
    match error:
        case NoCommonCodec():
            return MediaProblem.NO_COMMON_CODEC
        case BadDescription():
            return MediaProblem.BAD_DESCRIPTION
        case NoRelay():
            log.warning("%s", error)
            return MediaProblem.ICE_FAILED
    return MediaProblem.INTERNAL
