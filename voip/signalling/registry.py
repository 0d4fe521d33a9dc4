"""Which calls there are, found by what events name them, and which have been."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from voip.signalling.call import Call
from voip.signalling.config import CallConfig
from voip.signalling.ids import CallKey, Party
from voip.signalling.inbound import InboundCall
from voip.signalling.outbound import OutboundCall
from voip.signalling.states import State
from voip.signalling.timers import Timers


class _Indexes(NamedTuple):
    """Where a call of some state is to be found, beside its room."""

    held: bool = False
    """Its sync response is not processed yet."""
    here: bool = False
    """It waits for an answer here."""
    there: bool = False
    """It is ours, and waits for an answer there."""


_NOWHERE: Final = _Indexes()
_RINGS_HERE: Final = _Indexes(here=True)
_RINGS_THERE: Final = _Indexes(there=True)
_INDEXES: Final[Mapping[State | None, _Indexes]] = {
    State.HELD: _Indexes(held=True, here=True),
    State.SETTLING: _RINGS_HERE,
    State.RINGING: _RINGS_HERE,
    State.PREPARING: _RINGS_THERE,
    State.INVITING: _RINGS_THERE,
    State.INVITED: _RINGS_THERE,
}


class Registry:
    """Keeps its indexes true by being told of a call after everything that happened to it.

    No operation costs more when there are more calls in other rooms.
    """

    def __init__(self, config: CallConfig, ended_before: Iterable[CallKey], now: float) -> None:
        self._config = config
        self._calls: dict[CallKey, Call] = {}
        self.get: Callable[[CallKey], Call | None] = self._calls.get
        """The live call of this name. Bound once: each event asks."""
        self._by_room: defaultdict[str, set[CallKey]] = defaultdict(set)
        self._calling: dict[str, tuple[CallKey, ...]] = {}
        """Calls of ours that wait for an answer there; nearly always one in a room."""
        self._held: set[CallKey] = set()
        self._unanswered: set[CallKey] = set()
        self._tombstones: OrderedDict[CallKey, float] = OrderedDict()
        self.timers = Timers[Call]()
        """What is due is popped by whoever advances the call; `update` arms it anew."""
        for key in ended_before:
            self.bury(key, now)

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, key: CallKey) -> bool:
        return key in self._calls

    @property
    def full(self) -> bool:
        """Whether as many calls wait for an answer here as may."""
        return len(self._unanswered) >= self._config.max_unanswered

    def in_room(self, room_id: str) -> list[Call]:
        return [self._calls[key] for key in sorted(self._by_room.get(room_id, ()))]

    def ringing_in(self, room_id: str) -> list[InboundCall]:
        """The calls of a room that wait for an answer here."""
        calls = self.in_room(room_id)
        return [call for call in calls if isinstance(call, InboundCall) and call.unanswered]

    def crossed_by(self, room_id: str, caller: Party) -> list[OutboundCall]:
        """Our unanswered calls that this caller's invite crosses: per room and other party."""
        calls = (self._calls[key] for key in sorted(self._calling.get(room_id, ())))
        return [
            call for call in calls if isinstance(call, OutboundCall) and call.glares_with(caller)
        ]

    def take_held(self) -> list[InboundCall]:
        """The calls whose sync response is now processed; they are not held any more."""
        held = [self._calls[key] for key in sorted(self._held)]
        self._held.clear()
        return [call for call in held if isinstance(call, InboundCall)]

    def update(self, call: Call, now: float) -> None:
        """Take note of a new call, or of what became of one. An ended one is buried."""
        if call.state is State.ENDED:
            self._remove(call)
            self.bury(call.key, now)
            return
        if call.noted is not call.state:
            self._note(call)
        armed, deadline = call.armed, call.deadline
        if deadline != (None if armed is None else armed[0]):
            self.timers.set(call, deadline)

    def _note(self, call: Call) -> None:
        """Keep the indexes that go by state."""
        key, state = call.key, call.state
        if call.noted is None:
            self._calls[key] = call
            self._by_room[key.room_id].add(key)
        before, call.noted = _INDEXES.get(call.noted, _NOWHERE), state
        now = _INDEXES.get(state, _NOWHERE)
        if before is now:
            return
        if before.held is not now.held:
            _put(self._held, key, now.held)
        if before.here is not now.here:
            _put(self._unanswered, key, now.here)
        if now.there and not before.there:
            self._calling[key.room_id] = (*self._calling.get(key.room_id, ()), key)
        elif before.there and not now.there:
            self._answered(key)

    def bury(self, key: CallKey, now: float) -> None:
        """Remember that the call is over, for a while."""
        self._tombstones[key] = now + self._config.tombstone_seconds
        self._tombstones.move_to_end(key)
        if len(self._tombstones) > self._config.max_tombstones:
            self._tombstones.popitem(last=False)

    def is_buried(self, key: CallKey, now: float) -> bool:
        return self._tombstones.get(key, now) > now

    def revive(self, key: CallKey) -> None:
        """Another call goes on under the id of one that gave way to it."""
        self._tombstones.pop(key, None)

    def _remove(self, call: Call) -> None:
        key = call.key
        self._calls.pop(key, None)
        self.timers.set(call, None)
        self._held.discard(key)
        self._unanswered.discard(key)
        _take(self._by_room, key)
        self._answered(key)

    def _answered(self, key: CallKey) -> None:
        """No call of ours waits under this key for an answer there, if one has."""
        waiting = self._calling.pop(key.room_id, ())
        if len(waiting) > 1 or (waiting and waiting[0] != key):
            self._calling[key.room_id] = tuple(other for other in waiting if other != key)


def _put(keys: set[CallKey], key: CallKey, belongs: bool) -> None:
    if belongs:
        keys.add(key)
    else:
        keys.discard(key)


def _take(rooms: defaultdict[str, set[CallKey]], key: CallKey) -> None:
    room = rooms.get(key.room_id)
    if room is not None:
        room.discard(key)
        if not room:
            del rooms[key.room_id]
