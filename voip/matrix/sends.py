"""The send queue: what is urgent goes first, what belongs to one call goes in order.

A homeserver limits how fast one user sends (Synapse by default: ten events, then one in five
seconds). So when it says 429 nothing is sent for as long as it says, and then a hangup goes before
a room post. A retry carries the same transaction id, by which the homeserver knows it ("Sending
events to a room"): nothing arrives twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from voip.matrix.backoff import Backoff
from voip.matrix.errors import (
    MatrixError,
    RateLimitedError,
    SendError,
    SendQueueFullError,
    SendSupersededError,
    SendTimeoutError,
    TransientError,
)
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)

CAPACITY = 1000
AT_ONCE = 4
ENDINGS = frozenset({"m.call.hangup", "m.call.reject"})
CANDIDATES = "m.call.candidates"
REDACTION = "m.room.redaction"
MARK = "matrix-voip.delivery"


class Urgency(IntEnum):
    """Lower is sooner."""

    CALL_URGENT = 0
    """invite, answer, select_answer, hangup, reject"""
    CALL = 1
    """candidates, negotiate and whatever else a call says"""
    ROOM_POST = 2


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """An event for a room. The edge encrypts it where the room is encrypted."""

    room_id: str
    type: str
    content: Mapping[str, object] = field(repr=False)
    txn_id: str
    """Unique for this device, and the same in every retry, also after a restart."""
    urgency: Urgency
    order: CallKey | None = None
    """Events of one call leave in the order in which they were given."""
    deadline: float = 30.0
    """Seconds after which it is no longer worth sending."""
    mark: str | None = None
    """Under `MARK` beside the content, readable also where that is encrypted: by it we know the
    event again. It must tell nothing, so it is random."""


@dataclass(eq=False, slots=True)
class _Entry:
    event: OutgoingEvent
    number: int
    done: asyncio.Future[str]
    backoff: Backoff
    not_before: float = 0.0
    task: asyncio.Task[None] | None = None

    @property
    def lane(self) -> CallKey | int:
        """What is sent one after the other; a post outside a call has a lane to itself."""
        return self.event.order if self.event.order is not None else self.number


class SendQueue:
    """`send` from anywhere while `run` runs.

    :param transmit: one try; gives the event id, or raises. It must use the event's `txn_id`.
    """

    def __init__(
        self, transmit: Callable[[OutgoingEvent], Awaitable[str]], *, capacity: int = CAPACITY
    ) -> None:
        self._transmit = transmit
        self._capacity = capacity
        self._entries: list[_Entry] = []
        self._changed = asyncio.Event()
        self._paused_until = 0.0
        self._limited = False
        self._number = 0
        self.rate_limited = 0
        """How often the homeserver said 429; for metrics."""

    def __len__(self) -> int:
        return len(self._entries)

    async def send(self, event: OutgoingEvent) -> str:
        """The event id, once the homeserver has taken the event.

        :raises SendTimeoutError: the deadline passed.
        :raises SendRefusedError: the homeserver said no.
        :raises SendSupersededError: candidates of a call that has been ended since.
        :raises SendQueueFullError: too many wait, none of them less urgent.
        :raises LoggedOutError: there is no session to send with.
        """
        entry = self._enter(event)
        try:
            async with asyncio.timeout(event.deadline):
                return await entry.done
        except TimeoutError:
            raise SendTimeoutError(
                f"The homeserver did not take {event.type} within {event.deadline:.0f} s"
            ) from None
        finally:
            self._leave(entry)

    async def run(self) -> None:
        """Send, until cancelled; what still waits then is cancelled too."""
        try:
            while True:
                entry = self._next()
                if entry is not None:
                    entry.task = asyncio.create_task(self._attempt(entry), name="send")
                    continue
                self._changed.clear()
                await self._until_changed(self._idle_for())
        finally:
            for entry in list(self._entries):
                self._fail(entry, SendError("The edge was closed before this was sent"))
            tasks = [entry.task for entry in self._entries if entry.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- the queue ----------------------------------------------------------------------------

    def _enter(self, event: OutgoingEvent) -> _Entry:
        if event.type in ENDINGS and event.order is not None:
            self._supersede(event.order)
        if len(self._entries) >= self._capacity:
            self._make_room(event.urgency)
        self._number += 1
        future = asyncio.get_running_loop().create_future()
        entry = _Entry(event, self._number, future, Backoff(0.2, 5.0))
        self._entries.append(entry)
        self._changed.set()
        return entry

    def _leave(self, entry: _Entry) -> None:
        if entry in self._entries:
            self._entries.remove(entry)
        if entry.task is not None:
            entry.task.cancel()
        if not self._entries:
            self._limited = False
        self._changed.set()

    def _supersede(self, call: CallKey) -> None:
        """Nobody needs the network paths of a call that has ended."""
        for entry in self._entries:
            unsent = entry.event.order == call and entry.task is None
            if unsent and entry.event.type == CANDIDATES:
                self._fail(entry, SendSupersededError("The call has ended before they left"))

    def _make_room(self, urgency: Urgency) -> None:
        waiting = [entry for entry in self._entries if entry.task is None]
        last = max(waiting, key=lambda entry: (entry.event.urgency, entry.number), default=None)
        full = SendQueueFullError(f"More than {self._capacity} events wait to be sent")
        if last is None or last.event.urgency <= urgency:
            raise full
        self._fail(last, full)

    def _fail(self, entry: _Entry, error: MatrixError) -> None:
        if not entry.done.done():
            entry.done.set_exception(error)

    # --- choosing -----------------------------------------------------------------------------

    def _next(self) -> _Entry | None:
        """The entry to send now: the head of the lane that holds the most urgent one."""
        now = asyncio.get_running_loop().time()
        busy = sum(entry.task is not None for entry in self._entries)
        # Once limited, one at a time: more would only collect more 429s.
        if now < self._paused_until or busy >= (1 if self._limited else AT_ONCE):
            return None
        heads: dict[CallKey | int, _Entry] = {}
        urgency: dict[CallKey | int, Urgency] = {}
        for entry in self._entries:
            if entry.done.done():
                continue
            heads.setdefault(entry.lane, entry)
            # A hangup lends its urgency to what must leave before it.
            own = entry.event.urgency
            urgency[entry.lane] = min(own, urgency.get(entry.lane, own))
        ready = [e for e in heads.values() if e.task is None and e.not_before <= now]
        return min(ready, key=lambda e: (urgency[e.lane], e.number), default=None)

    def _idle_for(self) -> float | None:
        """Seconds until there may be something to do though nothing changes; None: never."""
        now = asyncio.get_running_loop().time()
        times = [entry.not_before for entry in self._entries]
        return min(
            (time - now for time in [self._paused_until, *times] if time > now), default=None
        )

    async def _until_changed(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    # --- sending ------------------------------------------------------------------------------

    async def _attempt(self, entry: _Entry) -> None:
        now = asyncio.get_running_loop().time
        try:
            event_id = await self._transmit(entry.event)
            if not entry.done.done():
                entry.done.set_result(event_id)
        except RateLimitedError as error:
            self.rate_limited += 1
            self._limited = True
            self._paused_until = max(self._paused_until, now() + error.retry_after)
        except TransientError as error:
            entry.not_before = now() + entry.backoff.after(error)
        except MatrixError as error:
            self._fail(entry, error)
        except Exception as error:  # a defect of ours costs this event, not the queue
            log.exception("An event could not be sent")
            self._fail(entry, SendError(f"Sending failed: {type(error).__name__}"))
        finally:
            entry.task = None
            self._changed.set()
