"""A phone's call traces: the tracer, and the files that it fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from voip.observers import Observers, Topic
from voip.signalling.ids import CallKey, Party
from voip.signalling.states import State
from voip.store.records import Direction, JournaledCall
from voip.store.traces import TraceFile, TraceStore
from voip.tracing.record import End, Kind, Step, Trace, encoded
from voip.tracing.software import versions
from voip.tracing.tracer import Tracer

CRASHED: Final = End(
    reason="crashed", text="the process ended in the middle of the call", by="fault"
)


@dataclass(frozen=True, slots=True)
class TraceSettings:
    keep: int = 1000
    """The newest that are kept; 0: none are written."""
    days: float = 30
    names: bool = False
    """Write Matrix ids of people and rooms into them."""


class Traces:
    """Traces the calls of a driver from `start` to `aclose`."""

    def __init__(self, settings: TraceSettings, folder: Path, new_id: Callable[[], str]) -> None:
        self._settings, self._folder, self._new_id = settings, folder, new_id
        self._store: TraceStore | None = None
        self._tracer: Tracer | None = None

    def start(
        self,
        us: Party,
        state: Callable[[CallKey], State],
        relay_missing: Callable[[], str],
        observers: Observers,
    ) -> None:
        """See `Tracer`; subscribes to what it needs."""
        settings = self._settings
        if settings.keep <= 0:
            return
        self._store = TraceStore(self._folder, keep=settings.keep, days=settings.days)
        self._tracer = Tracer(
            us,
            state,
            self._put,
            new_id=self._new_id,
            relay_missing=relay_missing,
            names=settings.names,
        )
        observers.subscribe(Topic.DRIVER, self._tracer)
        observers.subscribe(Topic.MEDIA, self._tracer)

    def name(self, key: CallKey, call_id: str) -> None:
        """Our own id of a call, under which its trace is found."""
        if self._tracer is not None:
            self._tracer.name(key, call_id)

    def crashed(self, call: JournaledCall) -> None:
        """A call that was live when the process died: its trace died with it, but for this."""
        began = datetime.fromtimestamp(call.began, UTC)
        names = self._settings.names
        inbound = call.direction is Direction.INBOUND
        self._put(
            Trace(
                # The end of its folder's name is our own id.
                id=call.folder.rpartition("-")[2] if call.folder else self._new_id(),
                direction=call.direction.value,
                began=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                rang=inbound,
                peer=call.peer_user_id if names else "",
                room=call.key.room_id if names else "",
                end=CRASHED,
                steps=[Step(ms=0, kind=Kind.NOTICE, what="written down as live")],
                software=versions(),
            )
        )

    async def aclose(self) -> None:
        """Write what is left."""
        if self._tracer is not None:
            self._tracer.close()
        if self._store is not None:
            await self._store.aclose()

    def _put(self, trace: Trace) -> None:
        if self._store is None:
            return
        began = datetime.fromisoformat(trace.began)
        rang = trace.end is None or trace.end.reason != "ignored"
        self._store.put(TraceFile(trace.id, began, rang), partial(encoded, trace))
