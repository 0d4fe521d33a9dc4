"""Which calls there are, found by what events name them, and which have been."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from voip.signalling.call import Call
from voip.signalling.config import CallConfig
from voip.signalling.ids import CallKey, Party
from voip.signalling.inbound import InboundCall
from voip.signalling.outbound import OutboundCall
from voip.signalling.states import State
from voip.signalling.timers import Timers


class _ByRoom:
    """Keys found by their room; nearly always one in a room."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[CallKey, ...]] = {}

    def __len__(self) -> int:
        """How many rooms have any."""
        return len(self._keys)

    def of(self, room_id: str) -> tuple[CallKey, ...]:
        return self._keys.get(room_id, ())

    def add(self, key: CallKey) -> None:
        self._keys[key.room_id] = (*self.of(key.room_id), key)

    def discard(self, key: CallKey) -> None:
        there = self._keys.pop(key.room_id, ())
        if len(there) > 1 or (there and there[0] != key):
            self._keys[key.room_id] = tuple(other for other in there if other != key)


_Index = set[CallKey] | _ByRoom


class Registry:
    """Keeps its indexes true by being told of a call after everything that happened to it.

    No operation costs more when there are more calls in other rooms.
    """

    def __init__(self, config: CallConfig, ended_before: Iterable[CallKey], now: float) -> None:
        self._config = config
        self._calls: dict[CallKey, Call] = {}
        self.get: Callable[[CallKey], Call | None] = self._calls.get
        """The live call of this name. Bound once: each event asks."""
        self._by_room = _ByRoom()
        self._held: set[CallKey] = set()
        """Calls whose sync response is not processed yet."""
        self._unanswered: set[CallKey] = set()
        """Calls that wait for an answer here."""
        self._calling = _ByRoom()
        """Calls of ours that wait for an answer there."""
        self._indexes = _by_state(self._held, self._unanswered, self._calling)
        """Where a call of some state is to be found, beside its room."""
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
        return [self._calls[key] for key in sorted(self._by_room.of(room_id))]

    def ringing_in(self, room_id: str) -> list[InboundCall]:
        """The calls of a room that wait for an answer here."""
        calls = self.in_room(room_id)
        return [call for call in calls if isinstance(call, InboundCall) and call.unanswered]

    def crossed_by(self, room_id: str, caller: Party) -> list[OutboundCall]:
        """Our unanswered calls that this caller's invite crosses: per room and other party."""
        calls = (self._calls[key] for key in sorted(self._calling.of(room_id)))
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
        self.timers.set(call, call.deadline)

    def _note(self, call: Call) -> None:
        """Keep the indexes that go by state."""
        key, state = call.key, call.state
        if call.noted is None:
            self._calls[key] = call
            self._by_room.add(key)
        before, after = self._indexes.get(call.noted, ()), self._indexes.get(state, ())
        call.noted = state
        if before is after:
            return
        for index in before:
            index.discard(key)
        for index in after:
            index.add(key)

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
        for index in self._indexes.get(call.noted, ()):
            index.discard(key)
        self._by_room.discard(key)


def _by_state(
    held: _Index, here: _Index, there: _Index
) -> Mapping[State | None, tuple[_Index, ...]]:
    rings_here, rings_there = (here,), (there,)
    return {
        State.HELD: (held, here),
        State.SETTLING: rings_here,
        State.RINGING: rings_here,
        State.PREPARING: rings_there,
        State.INVITING: rings_there,
        State.INVITED: rings_there,
    }
