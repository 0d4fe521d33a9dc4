"""Carries the core's media commands to the media edge, in order for each call.

What takes time comes back as a result event. A request that fails is a result too; nothing here
raises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from voip.media.errors import BadDescription, CallClosed, NoCommonCodec, NoRelay, WorkerDied
from voip.media.interface import Media
from voip.media.sdp import is_complete
from voip.signalling.commands import (
    AddCandidates,
    ApplyAnswer,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    CreateReanswer,
    CreateReoffer,
    Rollback,
    SetStreams,
)
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    MediaFailed,
    MediaProblem,
    OfferReady,
    ResultEvent,
)
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey
from voip.tasks import Lane, TaskOwner

log = logging.getLogger(__name__)

Request: TypeAlias = CreateOffer | CreateAnswer | ApplyAnswer | CreateReoffer | CreateReanswer
MediaCommand: TypeAlias = Request | Rollback | AddCandidates | SetStreams | CloseMedia


class MediaLanes:
    """A lane for each call that has media; it goes when the call is closed."""

    def __init__(
        self,
        engine: Media,
        ice_servers: Callable[[], Coroutine[Any, Any, Sequence[IceServer]]],
        take: Callable[[ResultEvent], None],
        tasks: TaskOwner,
    ) -> None:
        self._engine = engine
        self._ice_servers = ice_servers
        self._take = take
        self._tasks = tasks
        self._lanes: dict[CallKey, Lane] = {}

    def start(self, command: MediaCommand) -> None:
        """Start a command, or let it wait for its call's earlier ones."""
        if isinstance(command, CloseMedia):
            self._lane(command.key).put_last(lambda: self._engine.close(command.key))
            return
        work = self._works[type(command)]

        async def job() -> None:
            await work(self, command)

        if not self._lane(command.key).put(job):
            log.warning("a media command was dropped: too many wait for one call")

    def after_closing(self, key: CallKey, done: Callable[[], None]) -> None:
        """Call `done` when the call's media are closed: at once where there are none."""
        lane = self._lanes.get(key)
        if lane is None:
            done()
            return

        async def job() -> None:
            if self._lanes.get(key) is lane:
                del self._lanes[key]
            done()

        lane.put(job)

    def _lane(self, key: CallKey) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._tasks, "media of a call")
        return lane

    async def _answer(self, command: Request, work: Coroutine[Any, Any, ResultEvent]) -> None:
        try:
            result = await work
        except Exception as error:
            if (problem := _problem(error)) is MediaProblem.INTERNAL:
                log.exception("the media edge failed at %s", type(command).__name__)
            result = MediaFailed(command.key, problem, command.request)
        self._take(result)

    async def _offer(self, command: CreateOffer) -> None:
        async def work() -> ResultEvent:
            servers = await self._ice_servers()
            sdp = await self._engine.create_offer(
                command.key, video=command.video, ice_servers=servers
            )
            return OfferReady(command.key, command.request, sdp, is_complete(sdp))

        await self._answer(command, work())

    async def _first_answer(self, command: CreateAnswer) -> None:
        async def work() -> ResultEvent:
            servers = await self._ice_servers()
            sdp = await self._engine.create_answer(command.key, command.offer, ice_servers=servers)
            return AnswerReady(command.key, command.request, sdp, is_complete(sdp))

        await self._answer(command, work())

    async def _apply(self, command: ApplyAnswer) -> None:
        async def work() -> ResultEvent:
            await self._engine.apply_answer(command.key, command.answer)
            return AnswerApplied(command.key, command.request)

        await self._answer(command, work())

    async def _reoffer(self, command: CreateReoffer) -> None:
        async def work() -> ResultEvent:
            # Anew: the credentials that the call began with may have expired.
            servers = await self._ice_servers()
            sdp = await self._engine.create_reoffer(
                command.key, command.change, ice_servers=servers
            )
            return OfferReady(command.key, command.request, sdp, is_complete(sdp))

        await self._answer(command, work())

    async def _reanswer(self, command: CreateReanswer) -> None:
        async def work() -> ResultEvent:
            servers = await self._ice_servers()
            sdp = await self._engine.create_reanswer(
                command.key, command.offer, ice_servers=servers
            )
            return AnswerReady(command.key, command.request, sdp, is_complete(sdp))

        await self._answer(command, work())

    async def _rollback(self, command: Rollback) -> None:
        await self._engine.rollback(command.key)

    async def _candidates(self, command: AddCandidates) -> None:
        await self._engine.add_candidates(command.key, command.candidates)

    async def _streams(self, command: SetStreams) -> None:
        await self._engine.set_streams(command.key, command.streams)

    _works: ClassVar[Mapping[type, Callable[[Any, Any], Coroutine[Any, Any, None]]]] = {
        CreateOffer: _offer,
        CreateAnswer: _first_answer,
        ApplyAnswer: _apply,
        CreateReoffer: _reoffer,
        CreateReanswer: _reanswer,
        Rollback: _rollback,
        AddCandidates: _candidates,
        SetStreams: _streams,
    }


def _problem(error: Exception) -> MediaProblem:
    match error:
        case NoCommonCodec():
            return MediaProblem.NO_COMMON_CODEC
        case BadDescription():
            return MediaProblem.BAD_DESCRIPTION
        case NoRelay():
            log.warning("%s", error)
            return MediaProblem.ICE_FAILED
        case WorkerDied():
            return MediaProblem.CRASHED
        case CallClosed():
            return MediaProblem.LOST
    return MediaProblem.INTERNAL
