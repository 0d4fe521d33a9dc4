"""All calls of one device: which event belongs to which call, and what outlives a call.

The contract: `handle(event, now)`, then `poll()` until it gives None, then sleep until
`deadline()` or the next event; call `advance(now)` when the deadline comes. `now` is seconds of a
monotonic clock and never goes back.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from voip.signalling.call import Call, Scope
from voip.signalling.commands import Command, Ignored, IgnoreReason, Notice
from voip.signalling.config import CallConfig
from voip.signalling.content import Answer, CallContent, Candidates, Hangup, Invite, Reject
from voip.signalling.early import EarlyArrivals
from voip.signalling.errors import CallExists, ContentError, UnknownCall, UnknownContent
from voip.signalling.events import (
    Accept,
    AnswerApplied,
    AnswerReady,
    Event,
    HangUp,
    LocalCandidates,
    MediaConnected,
    MediaFailed,
    MemberLeft,
    OfferReady,
    Place,
    Received,
    ResultEvent,
    SendFailed,
    Sent,
    SyncComplete,
)
from voip.signalling.events import Reject as LocalReject
from voip.signalling.ids import CallKey, Party
from voip.signalling.inbound import InboundCall
from voip.signalling.outbound import OutboundCall
from voip.signalling.outbox import Outbox
from voip.signalling.reading import parse
from voip.signalling.states import State
from voip.signalling.timers import Timers

_Refusal = tuple[IgnoreReason, str]


class Calls:
    """Routes events to calls. `ended_before` are calls that ended before this process began."""

    def __init__(
        self,
        us: Party,
        config: CallConfig | None = None,
        ended_before: Iterable[CallKey] = (),
        now: float = 0.0,
    ) -> None:
        config = config or CallConfig()
        self._scope = Scope(us, config, Outbox())
        self._calls: dict[CallKey, Call] = {}
        self._by_room: defaultdict[str, set[CallKey]] = defaultdict(set)
        self._held: set[CallKey] = set()
        self._unanswered: set[CallKey] = set()
        self._timers = Timers()
        self._early = EarlyArrivals(config)
        self._tombstones: OrderedDict[CallKey, float] = OrderedDict()
        for key in ended_before:
            self._bury(key, now)

    def __len__(self) -> int:
        """How many calls are live."""
        return len(self._calls)

    def state(self, key: CallKey) -> State:
        """The state of a call; one that is not known has ENDED."""
        call = self._calls.get(key)
        return State.ENDED if call is None else call.state

    def handle(self, event: Event, now: float) -> None:
        """Take an event.

        A remote event or a result never raises. A local one raises `UnknownCall`, `CallExists` or
        `WrongState`, and has changed nothing then.
        """
        self.advance(now)
        self._handlers[type(event)](self, event, now)

    def poll(self) -> Command | Notice | None:
        """The next thing to do or to tell, or None."""
        return self._scope.outbox.poll()

    def deadline(self) -> float | None:
        """When `advance` is to be called, or None where nothing waits."""
        return self._timers.next()

    def advance(self, now: float) -> None:
        """Let time pass: fire every timer that is due."""
        while (key := self._timers.pop_due(now)) is not None:
            call = self._calls[key]
            call.advance(now)
            self._settle(call, now)

    # --- remote ---

    def _on_received(self, event: Received, now: float) -> None:
        refusal = self._receive(event, now)
        if refusal is not None:
            why, detail = refusal
            self._scope.outbox.put(Ignored(event.room_id, event.sender, event.type, why, detail))

    def _receive(self, event: Received, now: float) -> _Refusal | None:
        if event.room_encrypted and not event.encrypted:
            # A homeserver could forge it, and carry its own DTLS fingerprint into the call.
            return IgnoreReason.PLAINTEXT, ""
        try:
            content = parse(event.type, event.content)
        except UnknownContent as error:
            return IgnoreReason.UNSUPPORTED, str(error)
        except ContentError as error:
            return IgnoreReason.MALFORMED, str(error)
        if content.party_id is None:
            return IgnoreReason.UNSUPPORTED, "version 0"
        sender = Party(event.sender, content.party_id)
        if sender == self._scope.us:
            # Told by the party, never by the user: somebody may call themselves (MSC2746).
            return IgnoreReason.OWN_ECHO, ""
        key = CallKey(event.room_id, content.call_id)
        call = self._calls.get(key)
        if call is None:
            why = self._for_no_call(key, sender, content, event, now)
        else:
            why = self._for_call(call, sender, content, now)
        return None if why is None else (why, "")

    def _for_call(
        self, call: Call, sender: Party, content: CallContent, now: float
    ) -> IgnoreReason | None:
        if isinstance(content, Invite):
            return IgnoreReason.DUPLICATE
        why = call.remote(sender, content, now)
        self._settle(call, now)
        return why

    def _for_no_call(
        self, key: CallKey, sender: Party, content: CallContent, event: Received, now: float
    ) -> IgnoreReason | None:
        """An event of a call that is over, or not there yet."""
        if self._is_buried(key, now):
            return IgnoreReason.CALL_ENDED
        match content:
            case Invite():
                return self._invited(key, sender, content, event, now)
            case _ if event.age > self._scope.config.early_seconds:
                return IgnoreReason.UNKNOWN_CALL  # history: its invite came before, or never
            case Candidates():
                kept = self._early.candidates(key, sender, content.candidates, now)
                return None if kept else IgnoreReason.TOO_MANY
            case Hangup() | Reject() | Answer():
                kept = self._early.over(key, sender.user_id, now)
                return None if kept else IgnoreReason.TOO_MANY
        return IgnoreReason.UNKNOWN_CALL

    def _invited(
        self, key: CallKey, caller: Party, invite: Invite, event: Received, now: float
    ) -> IgnoreReason | None:
        over, candidates = self._early.take(key, caller, self._scope.us, now)
        # "Expired" is judged by age, which servers count, never by two clocks compared.
        lifetime = min(invite.lifetime, self._scope.config.longest_lifetime)
        left = lifetime - max(event.age, 0.0)
        if over:
            why: IgnoreReason | None = IgnoreReason.OVER_BEFORE
        elif left <= 0:
            why = IgnoreReason.EXPIRED
        else:
            why = self._may_not_ring(caller, invite, event)
        if why is not None:
            self._bury(key, now)  # what follows belongs to a call that is none of ours
            return why
        call = InboundCall(key, caller, invite, now + left, self._scope)
        call.keep_early(candidates)
        self._held.add(key)
        self._add(call, now)
        return None

    def _may_not_ring(self, caller: Party, invite: Invite, event: Received) -> IgnoreReason | None:
        us, config, _ = self._scope
        if invite.invitee is not None and invite.invitee != us.user_id:
            return IgnoreReason.NOT_FOR_US
        if invite.invitee is None and caller.user_id == us.user_id:
            return IgnoreReason.OWN_CALL
        if event.room_public:
            # In rooms that anybody may join, clients are recommended not to ring (MSC2746).
            return IgnoreReason.PUBLIC_ROOM
        if len(self._unanswered) >= config.max_unanswered:
            return IgnoreReason.TOO_MANY
        return None

    def _on_sync_complete(self, _event: SyncComplete, now: float) -> None:
        held = sorted(self._held)
        self._held.clear()
        for key in held:
            call = self._calls.get(key)
            if isinstance(call, InboundCall):
                call.sync_complete(now)
                self._settle(call, now)

    def _on_member_left(self, event: MemberLeft, now: float) -> None:
        for key in sorted(self._by_room.get(event.room_id, ())):
            call = self._calls[key]
            call.member_left(event.user_id, now)
            self._settle(call, now)

    # --- local ---

    def _on_place(self, event: Place, now: float) -> None:
        if event.key in self._calls or self._is_buried(event.key, now):
            raise CallExists(event.key)
        self._add(OutboundCall(event, self._scope, now), now)

    def _on_local(self, event: Accept | LocalReject | HangUp, now: float) -> None:
        call = self._calls.get(event.key)
        if call is None:
            raise UnknownCall(event.key)
        call.local(event, now)
        self._settle(call, now)

    # --- results ---

    def _on_result(self, event: ResultEvent, now: float) -> None:
        call = self._calls.get(event.key)
        if call is not None:  # results may outlive their call
            call.result(event, now)
            self._settle(call, now)

    # --- keeping count ---

    def _add(self, call: Call, now: float) -> None:
        self._calls[call.key] = call
        self._by_room[call.key.room_id].add(call.key)
        self._settle(call, now)

    def _settle(self, call: Call, now: float) -> None:
        """Bring the indexes in line with what a call has become."""
        key = call.key
        if isinstance(call, InboundCall) and call.unanswered:
            self._unanswered.add(key)
        else:
            self._unanswered.discard(key)
        if call.state is not State.ENDED:
            self._timers.set(key, call.deadline)
            return
        self._timers.set(key, None)
        self._held.discard(key)
        del self._calls[key]
        room = self._by_room[key.room_id]
        room.discard(key)
        if not room:
            del self._by_room[key.room_id]
        self._bury(key, now)

    def _bury(self, key: CallKey, now: float) -> None:
        self._tombstones[key] = now + self._scope.config.tombstone_seconds
        self._tombstones.move_to_end(key)
        if len(self._tombstones) > self._scope.config.max_tombstones:
            self._tombstones.popitem(last=False)

    def _is_buried(self, key: CallKey, now: float) -> bool:
        return self._tombstones.get(key, now) > now

    _handlers: ClassVar[Mapping[type, Callable[[Any, Any, float], None]]] = {
        Received: _on_received,
        SyncComplete: _on_sync_complete,
        MemberLeft: _on_member_left,
        Place: _on_place,
        Accept: _on_local,
        LocalReject: _on_local,
        HangUp: _on_local,
        OfferReady: _on_result,
        AnswerReady: _on_result,
        AnswerApplied: _on_result,
        LocalCandidates: _on_result,
        MediaConnected: _on_result,
        MediaFailed: _on_result,
        Sent: _on_result,
        SendFailed: _on_result,
    }
