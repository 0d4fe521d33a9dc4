"""From one raw sync response to events for the core, in the order of each room's timeline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from voip.matrix.backfill import backfill
from voip.matrix.decryption import Decrypted, Locked, Opened
from voip.matrix.errors import MatrixError
from voip.matrix.holding import Arrival, Holding
from voip.matrix.http import Json
from voip.matrix.keys import Keys
from voip.matrix.machine import Machine
from voip.matrix.room_events import RoomEvent, room_event
from voip.matrix.rooms import Rooms
from voip.matrix.session import Session
from voip.matrix.settling import Settling
from voip.matrix.timeline import (
    age_of,
    events_of,
    is_call_event,
    is_encrypted,
    membership,
    rooms_of,
)
from voip.signalling.events import MemberLeft, Received, RemoteEvent, SyncComplete

log = logging.getLogger(__name__)

LEFT = ("leave", "ban")
DEPARTURE_AGE = 3600.0
FRESH = 60.0
"""Seconds within which an invite may still be answered, by the usual lifetime."""
SEEN_AT_MOST = 5000
"""Event ids remembered, so that back-fill and a repeated response deliver nothing twice."""


@dataclass(slots=True)
class Counts:
    """For metrics."""

    delivered: int = 0
    failed: int = 0
    """Events on which whoever takes them raised."""


class Intake:
    """Takes sync responses one at a time; `deliver` gets the events and must not block."""

    def __init__(
        self,
        session: Session,
        machine: Machine,
        keys: Keys,
        rooms: Rooms,
        deliver: Callable[[RemoteEvent], None],
    ) -> None:
        self._session = session
        self._machine = machine
        self._keys = keys
        self._rooms = rooms
        self._deliver = deliver
        self._holding = Holding()
        self.settling = Settling()
        self._seen: dict[str, None] = {}
        self.counts = Counts()
        self.on_room_event: Callable[[RoomEvent], None] | None = None
        self.on_verification: Callable[[Json], None] | None = None
        """Told of each `m.key.verification.…` that comes to this device. Must not block."""

    @property
    def given_up(self) -> int:
        """Encrypted events that were dropped because no key came."""
        return self._holding.given_up

    async def take(self, raw: Json, since: str | None, at: float) -> None:
        """Deliver everything in a response that came at loop time `at`, then SyncComplete, unless
        a late invite waits for the next response (`settling`).

        :param since: where we had read before it; None at the very first, which is not back-filled.
        """
        self._pass_verification(raw)
        touched = await self._machine.run(self._machine.state.take_sync, raw)
        self._rooms.take(raw, touched)
        joined, left = rooms_of(raw, "join"), rooms_of(raw, "leave")
        missing = {} if since is None else await backfill(self._session, _gaps(joined), since)
        arrivals: list[tuple[Arrival, Decrypted | None]] = []
        for room_id, room in [*joined.items(), *left.items()]:
            before = missing.get(room_id, [])
            # Departures in the gap, where back-fill did not reach, are in the state section.
            gone = _departures(events_of(room, "state")) if room_id in missing else []
            events = [*before, *gone, *events_of(room, "timeline")]
            arrivals += self._of_room(room_id, events, at)
        await self._open(arrivals)
        now = asyncio.get_running_loop().time()
        self._pass_on(self._holding.release(now))
        for arrival, result in arrivals:
            self._enter(arrival, result, now)
        if self.settling.over({arrival.room_id for arrival, _ in arrivals}, now):
            self._hand_over(SyncComplete())

    def _pass_verification(self, raw: Json) -> None:
        section = raw.get("to_device")
        events = section.get("events") if isinstance(section, dict) else None
        for event in events if isinstance(events, list) else ():
            kind = event.get("type") if isinstance(event, dict) else None
            if self.on_verification is not None and str(kind).startswith("m.key.verification."):
                self.on_verification(event)

    def _look_inside(self, arrival: Arrival, result: Decrypted | None) -> None:
        if isinstance(result, Opened):
            self._look_for_verification(arrival, result.type, result.content)

    def _look_for_verification(
        self, arrival: Arrival, type_: str, given: Mapping[str, object]
    ) -> None:
        """In a room a request is a message ("Key verification framework").

        In an encrypted room too, matrix-js-sdk sends all of it in the clear. It need not be secret
        or signed: what both people compare depends on the keys and on every message of it.
        """
        if self.on_verification is None:
            return
        content = dict(given)
        if type_ == "m.room.message" and content.get("msgtype") == "m.key.verification.request":
            type_ = "m.key.verification.request"
            content["timestamp"] = arrival.raw.get("origin_server_ts")
        if type_.startswith("m.key.verification."):
            raw = arrival.raw
            event = {"type": type_, "sender": raw["sender"], "content": content}
            place = {"room_id": arrival.room_id, "event_id": raw["event_id"]}
            self.on_verification(event | place)

    async def release_late(self) -> None:
        """Deliver what waited long enough; for the times between two responses."""
        now = asyncio.get_running_loop().time()
        settling = bool(self.settling)
        if self._pass_on(self._holding.release(now)) and not settling:
            self.settling.clear()  # no response is about to come
            self._hand_over(SyncComplete())

    def next_release(self) -> float | None:
        """Seconds until `release_late` may have something to do."""
        return self._holding.next_release(asyncio.get_running_loop().time())

    # --- reading ------------------------------------------------------------------------------

    def _of_room(
        self, room_id: str, events: list[Json], at: float
    ) -> list[tuple[Arrival, Decrypted | None]]:
        info = self._rooms.info(room_id)
        found: list[tuple[Arrival, Decrypted | None]] = []
        for event in events:
            if not self._is_new(event):
                continue
            self._tell(room_id, event)
            arrival = Arrival(room_id, event, at, info)
            if is_encrypted(event):
                found.append((arrival, Locked.KEY_MISSING))
            elif is_call_event(event) or membership(event) is not None:
                found.append((arrival, None))
            else:
                self._look_for_verification(arrival, event["type"], event["content"])
        return found

    def _tell(self, room_id: str, event: Json) -> None:
        told = None if self.on_room_event is None else room_event(room_id, event)
        if told is None or self.on_room_event is None:
            return
        try:
            self.on_room_event(told)
        except Exception:
            self.counts.failed += 1
            log.exception("A %s could not be handed over", type(told).__name__)

    def _is_new(self, event: Json) -> bool:
        event_id = event["event_id"]
        if event_id in self._seen:
            return False
        if len(self._seen) >= SEEN_AT_MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[event_id] = None
        return True

    async def _open(self, arrivals: list[tuple[Arrival, Decrypted | None]]) -> None:
        """Decrypt what is new and what waits, in place."""
        new = [index for index, (_, result) in enumerate(arrivals) if result is not None]
        results = await self._decrypt([arrivals[index][0] for index in new])
        for index in new:
            arrival = arrivals[index][0]
            arrivals[index] = arrival, results[arrival.raw["event_id"]]
            self._look_inside(*arrivals[index])
        self._forget_history(arrivals)
        locked = self._holding.locked()
        results = await self._decrypt(locked)
        for arrival in locked:
            self._look_inside(arrival, results[arrival.raw["event_id"]])
        self._holding.unlock(results)

    async def _decrypt(self, arrivals: list[Arrival]) -> dict[str, Decrypted]:
        pairs = [(arrival.room_id, arrival.raw) for arrival in arrivals]
        results = await self._machine.decrypt_all(pairs)
        if Locked.DEVICE_UNKNOWN in results:
            try:
                await self._keys.query()
            except MatrixError as error:
                log.warning("Devices could not be asked for: %s", error)
            results = await self._machine.decrypt_all(pairs)
        ids = [arrival.raw["event_id"] for arrival in arrivals]
        return dict(zip(ids, results, strict=True))

    def _forget_history(self, arrivals: list[tuple[Arrival, Decrypted | None]]) -> None:
        """Nobody sends us the keys of what was said before we joined: it holds up nothing."""
        ours = (self._session.user_id, "join")
        joins = {
            arrival.room_id: index
            for index, (arrival, _) in enumerate(arrivals)
            if membership(arrival.raw) == ours
        }
        for index, (arrival, result) in enumerate(arrivals):
            if result is Locked.KEY_MISSING and index < joins.get(arrival.room_id, 0):
                arrivals[index] = arrival, Locked.NEVER

    # --- delivering ---------------------------------------------------------------------------

    def _enter(self, arrival: Arrival, result: Decrypted | None, now: float) -> None:
        change = membership(arrival.raw)
        if change is None:
            self._pass_on(self._holding.add(arrival.lane, arrival, result, now))
        elif change[1] in LEFT:
            lane = (arrival.room_id, change[0])
            self._pass_on(self._holding.add(lane, MemberLeft(*lane), None, now))

    def _pass_on(self, events: Iterable[RemoteEvent]) -> int:
        count = 0
        for event in events:
            self._hand_over(event)
            count += 1
        return count

    def _hand_over(self, event: RemoteEvent) -> None:
        if isinstance(event, Received):
            self._prepare_for(event)
        try:
            self._deliver(event)
            self.counts.delivered += 1
        except Exception:
            # One event that its taker cannot take must not cost the others, or the sync loop.
            self.counts.failed += 1
            log.exception("A %s could not be handed over", type(event).__name__)

    def _prepare_for(self, event: Received) -> None:
        if event.sender == self._session.user_id:
            return
        self.settling.note(event, asyncio.get_running_loop().time())
        if event.type == "m.call.invite" and event.age < FRESH and event.room_encrypted:
            self._keys.warm(event.room_id)  # we shall answer soon


def _gaps(joined: Json) -> dict[str, str]:
    """Room id → `prev_batch` of the rooms whose timeline is limited."""
    gaps = {}
    for room_id, room in joined.items():
        timeline = room.get("timeline") if isinstance(room, dict) else None
        if isinstance(timeline, dict) and timeline.get("limited") is True:
            prev_batch = timeline.get("prev_batch")
            if isinstance(prev_batch, str):
                gaps[room_id] = prev_batch
    return gaps


def _departures(state: Iterable[Json]) -> list[Json]:
    """Who left lately; the state of a room may hold everyone who ever left."""
    found = []
    for event in state:
        change = membership(event)
        if change is not None and change[1] in LEFT and age_of(event) < DEPARTURE_AGE:
            found.append(event)
    return found
