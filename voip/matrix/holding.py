"""Encrypted events whose key is late, and what must not overtake them.

A key travels by another road than the event it opens, and may arrive after it. Such an event
waits here, and whatever its sender did in the room after it waits behind it, so that a call's
events keep their order. Nothing waits for long: most of what cannot be opened never can be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from voip.matrix.decryption import Decrypted, Locked, Opened
from voip.matrix.http import Json
from voip.matrix.nio_state import RoomInfo
from voip.matrix.timeline import age_of, is_call_type
from voip.signalling.events import MemberLeft, Received

GIVES_WAY = 10.0
"""Seconds after which a locked event no longer holds up what could be delivered."""
KEPT = 120.0
"""Seconds for which a key is waited for at all: about the lifetime of an invitation. An event
that is older when it arrives holds up nothing either."""
CAPACITY = 500
HOPEFUL = (Locked.KEY_MISSING, Locked.DEVICE_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its way to delivery, with the clock's time at which it came."""

    room_id: str
    raw: Json
    at: float
    room: RoomInfo | None = None
    """What is known of the room, if anything."""

    @property
    def lane(self) -> Lane:
        return self.room_id, str(self.raw["sender"])

    def age(self, now: float) -> float:
        return age_of(self.raw) + max(0.0, now - self.at)

    def plain(self, now: float) -> Received:
        raw = self.raw
        content: Json = raw["content"]
        return self._received(raw["type"], content, None, now)

    def opened(self, inside: Opened, now: float) -> Received | None:
        """What to deliver of a decrypted event: nothing, unless it belongs to a call."""
        if not is_call_type(inside.type):
            return None
        return self._received(inside.type, inside.content, inside.device_key, now)

    def _received(
        self, type_: str, content: Mapping[str, object], device_key: str | None, now: float
    ) -> Received:
        return Received(
            room_id=self.room_id,
            event_id=self.raw["event_id"],
            sender=self.raw["sender"],
            type=type_,
            content=content,
            age=self.age(now),
            encrypted=device_key is not None,
            room_encrypted=self.room is not None and self.room.encrypted,
            room_public=self.room is not None and self.room.is_public,
            device_key=device_key,
        )


Lane: TypeAlias = tuple[str, str]
"""(room, user): the order between two users' events is not kept across a wait."""
Entry: TypeAlias = Arrival | MemberLeft
"""What waits: a locked event, a plain call event, or a departure."""


@dataclass(slots=True)
class _Waiting:
    entry: Entry
    at: float
    result: Decrypted | None
    """None for what needs no key."""


class Holding:
    """Events in, what may be delivered out. Without clock and I/O: the caller says what time it is.

    `given_up` counts events that were dropped because no key came.
    """

    def __init__(self) -> None:
        self._lanes: dict[Lane, deque[_Waiting]] = {}
        self.given_up = 0

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def locked(self) -> list[Arrival]:
        """The events that wait for a key, to be tried again with `unlock`."""
        return [
            waiting.entry
            for lane in self._lanes.values()
            for waiting in lane
            if isinstance(waiting.result, Locked) and isinstance(waiting.entry, Arrival)
        ]

    def unlock(self, results: dict[str, Decrypted]) -> None:
        """Enter what decryption said now, by event id."""
        for lane in self._lanes.values():
            for waiting in lane:
                if isinstance(waiting.result, Locked) and isinstance(waiting.entry, Arrival):
                    event_id = waiting.entry.raw["event_id"]
                    waiting.result = results.get(event_id, waiting.result)

    def add(
        self, lane: Lane, entry: Entry, result: Decrypted | None, now: float
    ) -> Iterator[Received | MemberLeft]:
        """Take the next event of a lane, and give what may be delivered at once."""
        waiting = _Waiting(entry, now, result)
        if lane not in self._lanes and self._patience(deque([waiting]), now) == 0:
            yield from self._delivered(waiting, now)
            return
        self._lanes.setdefault(lane, deque()).append(waiting)
        if len(self) > CAPACITY:
            yield from self._give_up_oldest(now)

    def release(self, now: float) -> Iterator[Received | MemberLeft]:
        """What may be delivered now: keys have come, or time has passed."""
        for lane, queue in list(self._lanes.items()):
            while queue and self._patience(queue, now) == 0:
                yield from self._delivered(queue.popleft(), now)
            if not queue:
                del self._lanes[lane]

    def next_release(self, now: float) -> float | None:
        """Seconds until `release` may give something without a new key; None: nothing waits."""
        return min((self._patience(queue, now) for queue in self._lanes.values()), default=None)

    def _patience(self, queue: deque[_Waiting], now: float) -> float:
        """Seconds for which the head still holds up its lane; 0: it goes now."""
        head = queue[0]
        if isinstance(head.entry, MemberLeft) or head.result not in HOPEFUL:
            return 0.0
        patience = GIVES_WAY if self._something_ready_behind(queue) else KEPT
        return max(0.0, min(head.at + patience - now, KEPT - head.entry.age(now)))

    def _something_ready_behind(self, queue: deque[_Waiting]) -> bool:
        return any(not isinstance(waiting.result, Locked) for waiting in queue)

    def _delivered(self, waiting: _Waiting, now: float) -> Iterator[Received | MemberLeft]:
        entry, result = waiting.entry, waiting.result
        if isinstance(entry, MemberLeft):
            yield entry
        elif result is None:
            yield entry.plain(now)
        elif isinstance(result, Opened):
            event = entry.opened(result, now)
            if event is not None:
                yield event
        else:
            self.given_up += 1

    def _give_up_oldest(self, now: float) -> Iterator[Received | MemberLeft]:
        """Too many wait: the lane that waits longest loses its head, and goes on without it."""
        lane = min(self._lanes, key=lambda lane: self._lanes[lane][0].at)
        queue = self._lanes[lane]
        yield from self._delivered(queue.popleft(), now)
        yield from self.release(now)
