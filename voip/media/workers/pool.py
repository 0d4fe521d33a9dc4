"""The media of all calls in worker processes: `Media`, as MediaEngine is, for all who use it.

A call belongs to one worker from its first description to its end. A worker that dies costs its
own calls alone: each is said to have failed, its open recording is repaired and said to have
ended, and a fresh worker takes the place.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar, cast

from voip.media.engine import MediaEngine
from voip.media.errors import (
    CallClosed,
    DuplicateCall,
    MediaError,
    NotTogether,
    UnknownCall,
    WorkerDied,
)
from voip.media.events import Failed, MediaEvent, MediaFailure, RecordingEnded, RecordingGrew
from voip.media.interface import Media
from voip.media.libopus import Decoder, Rate
from voip.media.settings import MediaSettings
from voip.media.sound_errors import SoundError
from voip.media.workers.carried import Carried
from voip.media.workers.crew import Crew
from voip.media.workers.methods import METHODS, Method
from voip.media.workers.process import WorkerProcess
from voip.media.workers.salvage import salvage
from voip.media.workers.samples import RemoteListening
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)

V = TypeVar("V")

BEGIN: Final = frozenset({"create_offer", "create_answer"})
"""The methods that a call begins with."""
REMEMBERED: Final = 32
"""Requests about no call (`prepare`) that are repeated to a worker that comes later."""
CLOSES_WITHIN: Final = 10.0
"""Seconds in which a worker has to close its calls; then it is ended, and they are repaired."""
KEPT: Final = 1000
"""Calls that are to be where others are, and calls that are over: the oldest are forgotten."""


def create_media(settings: MediaSettings, emit: Callable[[MediaEvent], None]) -> Media:
    """The media of this process, or of as many workers as the settings say."""
    if settings.workers == 0:
        return MediaEngine(settings, emit)
    return cast(Media, MediaPool(settings, emit))


def worker_loads(media: Media) -> tuple[float, ...]:
    """What each media worker takes of a core; empty where the media are of this process."""
    return media.loads if isinstance(media, MediaPool) else ()


class MediaPool:
    """Has every method of MediaEngine; those that are not here cross as they are (`methods`).

    May be created before the event loop runs; everything else is called on the loop.
    """

    def __init__(self, settings: MediaSettings, emit: Callable[[MediaEvent], None]) -> None:
        self._listener = emit
        self._crew = Crew(settings, say=self._said, died=self._died, brief=self._brief)
        self._calls: dict[CallKey, Carried] = {}
        self._near: dict[CallKey, CallKey] = {}
        self._former: dict[CallKey, WorkerProcess] = {}
        """Of calls that are over: some methods still have something to say of those."""
        self._to_all: deque[tuple[Method, dict[str, Any]]] = deque(maxlen=REMEMBERED)

    def __getattr__(self, name: str) -> Any:
        method = METHODS.get(name)
        if method is None:
            raise AttributeError(name)
        return partial(self._ask, method)

    async def open(self) -> None:
        """Start the workers. Raises what `MediaEngine.open` raises, and WorkerFailed."""
        await self._crew.open()

    @property
    def loads(self) -> tuple[float, ...]:
        """Of each worker that runs: the share of a core that its event loop takes."""
        return tuple(worker.load.cpu for worker in self._crew.running)

    @property
    def live(self) -> int:
        """How many calls have media."""
        return len(self._calls)

    def keep_together(self, key: CallKey, other: CallKey) -> None:
        """The call `key`, which is yet to begin, goes to the worker of `other`."""
        _keep(self._near, key, other)

    async def start_recording(self, *arguments: Any, **named: Any) -> None:
        """See MediaEngine: known here, so that it can be repaired."""
        method = METHODS["start_recording"]
        given = method.bind(arguments, named)
        key: CallKey = given["key"]
        worker, carried = self._worker_of(key), self._calls.get(key) or Carried()
        before, carried.recording = carried.recording, given["folder"]
        try:
            await worker.ask(method, given)
        except WorkerDied:
            raise
        except Exception:
            carried.recording = before
            raise

    def listen(self, key: CallKey, rate: Rate = 16_000) -> RemoteListening:
        """See MediaEngine."""
        carried = self._calls.get(key)
        if carried is None or carried.worker is None or carried.closing is not None:
            raise UnknownCall
        Decoder(rate)  # raises here what it would raise there
        return carried.worker.listen(key, rate)

    async def close(self, key: CallKey) -> None:
        """See MediaEngine."""
        carried = self._calls.get(key)
        if carried is not None:
            # Shielded: who is cancelled while waiting must not leave half a call behind.
            await asyncio.shield(self._closing(key, carried))

    async def aclose(self) -> None:
        """Close every call, and end the workers. The pool is not used afterwards."""
        closing = [self._closing(key, carried) for key, carried in self._calls.items()]
        if closing:
            await asyncio.wait(closing, timeout=CLOSES_WITHIN)
        await self._crew.aclose()
        await asyncio.gather(*closing)

    # --- asking ---

    async def _ask(self, method: Method, *arguments: Any, **named: Any) -> Any:
        given = method.bind(arguments, named)
        if not method.calls:
            return await self._ask_all(method, given)
        keys = [given[name] for name in method.calls]
        if method.name in BEGIN:
            return await self._begin(method, keys[0], given)
        return await self._worker_of(*keys).ask(method, given)

    def _worker_of(self, *keys: CallKey) -> WorkerProcess:
        """Whom to ask about these calls. What is to be said of a call that none of them knows, any
        engine can say: not every method makes an error of it."""
        workers = {worker for key in keys if (worker := self._carrier(key)) is not None}
        if len(workers) > 1:
            raise NotTogether
        if not workers and not self._crew.running:
            raise UnknownCall
        return workers.pop() if workers else self._crew.running[0]

    def _carrier(self, key: CallKey) -> WorkerProcess | None:
        carried = self._calls.get(key)
        worker = self._former.get(key) if carried is None else carried.worker
        return worker if worker is not None and worker.running else None

    async def _ask_all(self, method: Method, given: dict[str, Any]) -> Any:
        if (method, given) not in self._to_all:
            self._to_all.append((method, given))
        asked = (worker.ask(method, given) for worker in self._crew.running)
        results = await asyncio.gather(*asked, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, WorkerDied):
                raise result
        return next((one for one in results if not isinstance(one, BaseException)), None)

    async def _brief(self, worker: WorkerProcess) -> None:
        for method, given in list(self._to_all):
            try:
                await worker.ask(method, given)
            except (MediaError, SoundError) as error:
                log.warning("%s failed in a new media worker: %s", method.name, error)

    async def _begin(self, method: Method, key: CallKey, given: Mapping[str, Any]) -> Any:
        if key in self._calls:
            raise DuplicateCall
        carried = self._calls[key] = Carried()
        try:
            return await self._describe(method, key, carried, given)
        except asyncio.CancelledError:  # it may have begun there
            self._closing(key, carried)
            raise
        except BaseException:
            self._forget(key, carried)
            raise

    async def _describe(
        self, method: Method, key: CallKey, carried: Carried, given: Mapping[str, Any]
    ) -> Any:
        worker = self._neighbour(key) or await self._crew.least(self._load)
        if carried.closing is not None:
            raise CallClosed
        carried.worker = worker
        result = await worker.ask(method, given)
        if not worker.running:  # it died with its last word
            raise WorkerDied
        carried.begun = True
        return result

    def _load(self, worker: WorkerProcess) -> int:
        return Counter(carried.worker for carried in self._calls.values())[worker]

    def _neighbour(self, key: CallKey) -> WorkerProcess | None:
        """Where the call is to be; a call that gave way to another (glare) hands its hint on."""
        seen = set()
        while key in self._near and key not in seen:
            seen.add(key)
            key = self._near[key]
            carried = self._calls.get(key)
            if carried is not None and carried.worker is not None and carried.worker.running:
                return carried.worker
        return None

    # --- what the workers say ---

    def _said(self, worker: WorkerProcess, event: MediaEvent) -> None:
        carried = self._calls.get(event.key)
        if carried is not None and carried.worker is worker:
            if isinstance(event, RecordingEnded):
                carried.ended(event.recording)
            elif isinstance(event, RecordingGrew):
                carried.grown = event.recording
            elif isinstance(event, Failed) and carried.closing is None:
                self._forget(event.key, carried)  # closed there already
        self._emit(event)

    def _died(self, worker: WorkerProcess) -> None:
        for key, carried in list(self._calls.items()):
            if carried.worker is worker and carried.begun and carried.closing is None:
                self._closing(key, carried)
                self._emit(Failed(key, MediaFailure.WORKER_DIED))

    def _emit(self, event: MediaEvent) -> None:
        try:
            self._listener(event)
        except Exception:
            log.exception("the listener of media events failed")

    # --- ends ---

    def _closing(self, key: CallKey, carried: Carried) -> asyncio.Task[None]:
        if carried.closing is None:
            carried.closing = asyncio.get_running_loop().create_task(self._shut(key, carried))
        return carried.closing

    async def _shut(self, key: CallKey, carried: Carried) -> None:
        """The recording has been said to have ended when this returns, whoever closed it."""
        try:
            if carried.worker is not None:
                await carried.worker.ask(METHODS["close"], {"key": key})
        except WorkerDied:
            await self._salvage(key, carried)
        except MediaError as error:
            log.error("closing a call's media failed: %s", error)
        self._forget(key, carried)

    async def _salvage(self, key: CallKey, carried: Carried) -> None:
        if carried.recording is None or carried.worker is None:
            return
        await carried.worker.kill()  # one that only hangs may still write
        recording = await salvage(carried.recording, carried.recorded, carried.grown)
        carried.ended(recording)
        self._emit(RecordingEnded(key, recording))

    def _forget(self, key: CallKey, carried: Carried) -> None:
        if self._calls.get(key) is carried:
            del self._calls[key]
            if carried.worker is not None:
                _keep(self._former, key, carried.worker)


def _keep(known: dict[CallKey, V], key: CallKey, value: V) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > KEPT:
        del known[next(iter(known))]
