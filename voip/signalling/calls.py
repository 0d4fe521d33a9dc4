"""All calls of one device: which event belongs to which call, and what outlives a call.

The contract: `handle(event, now)`, then `poll()` until it gives None, then sleep until
`deadline()` or the next event; call `advance(now)` when the deadline comes. `now` is seconds of a
monotonic clock and never goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from voip.signalling.call import Call
from voip.signalling.commands import Command, Ignored, IgnoreReason, Notice
from voip.signalling.config import CallConfig
from voip.signalling.content import CallContent, Candidates, Invite, Negotiate
from voip.signalling.conversation import Scope
from voip.signalling.errors import CallExists, ContentError, UnknownCall, UnknownContent
from voip.signalling.events import (
    Accept,
    AnswerApplied,
    AnswerReady,
    AssertIdentity,
    Event,
    HangUp,
    LocalCandidates,
    LocalStreams,
    MediaConnected,
    MediaFailed,
    MemberLeft,
    OfferReady,
    Place,
    Received,
    RejectTransfer,
    Renegotiate,
    ResultEvent,
    SendFailed,
    Sent,
    SetMuted,
    SyncComplete,
    Transfer,
)
from voip.signalling.events import Reject as LocalReject
from voip.signalling.ids import NO_PARTY, CallKey, Party
from voip.signalling.invites import Invites
from voip.signalling.outbound import OutboundCall
from voip.signalling.outbox import Outbox
from voip.signalling.reading import parse
from voip.signalling.registry import Registry
from voip.signalling.states import State

_OfCall = (
    Accept
    | LocalReject
    | HangUp
    | Renegotiate
    | SetMuted
    | Transfer
    | RejectTransfer
    | AssertIdentity
)


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
        outbox = Outbox()
        self.poll: Callable[[], Command | Notice | None] = outbox.poll
        """The next thing to do or to tell, or None."""
        self._scope = Scope(us, config, outbox)
        self._registry = Registry(config, ended_before, now)
        self._timers = self._registry.timers
        self._invites = Invites(self._scope, self._registry)

    def __len__(self) -> int:
        """How many calls are live."""
        return len(self._registry)

    def state(self, key: CallKey) -> State:
        """The state of a call; one that is not known has ENDED."""
        call = self._registry.get(key)
        return State.ENDED if call is None else call.state

    def handle(self, event: Event, now: float) -> None:
        """Take an event.

        A remote event or a result never raises. A local one raises `UnknownCall`, `CallExists` or
        `WrongState`, and has changed nothing then.
        """
        if now >= self._timers.first:
            self.advance(now)
        self._handlers[type(event)](self, event, now)

    def deadline(self) -> float | None:
        """When `advance` is to be called, or None where nothing waits."""
        return self._timers.next()

    def advance(self, now: float) -> None:
        """Let time pass: fire every timer that is due."""
        while (call := self._timers.pop_due(now)) is not None:
            call.advance(now)
            self._registry.update(call, now)

    # --- remote ---

    def _on_received(self, event: Received, now: float) -> None:
        detail = ""
        try:
            why = self._receive(event, now)
        except UnknownContent as error:
            why, detail = IgnoreReason.UNSUPPORTED, str(error)
        except ContentError as error:
            why, detail = IgnoreReason.MALFORMED, str(error)
        if why is not None:
            self._scope.outbox.put(Ignored(event.room_id, event.sender, event.type, why, detail))

    def _receive(self, event: Received, now: float) -> IgnoreReason | None:
        """Raises `ContentError`; nothing has changed then."""
        if event.room_encrypted and not event.encrypted:
            # A homeserver could forge it, and carry its own DTLS fingerprint into the call.
            return IgnoreReason.PLAINTEXT
        content = parse(event.type, event.content)
        sender = Party(event.sender, content.party_id or NO_PARTY)
        if sender == self._scope.us:
            # Told by the party, never by the user: somebody may call themselves (MSC2746).
            return IgnoreReason.OWN_ECHO
        key = CallKey(event.room_id, content.call_id)
        call = self._registry.get(key)
        if call is None:
            return self._invites.for_no_call(key, sender, content, event, now)
        return self._for_call(call, sender, content, event, now)

    def _for_call(
        self, call: Call, sender: Party, content: CallContent, event: Received, now: float
    ) -> IgnoreReason | None:
        if type(content) is Candidates:  # half of all events; they go by, and move nothing
            return call.remote(sender, event.device_key, content, now)
        if type(content) is Invite:
            if isinstance(call, OutboundCall) and call.glares_with(sender):
                return self._invites.invited(call.key, sender, content, event, now)
            return IgnoreReason.DUPLICATE
        if type(content) is Negotiate and self._is_late(content, call, now - event.age, now):
            return IgnoreReason.EXPIRED
        why = call.remote(sender, event.device_key, content, now)
        self._registry.update(call, now)
        return why

    def _is_late(self, content: Negotiate, call: Call, said: float, now: float) -> bool:
        """Whether an offer's lifetime is over, or an answer is older than what it would answer.

        An answer names no offer: one to an offer that was given up must not meet the next.
        """
        if content.description_type == "offer":
            return now - said >= content.lifetime
        offered = call.offered_at
        return offered is not None and said < offered - self._scope.config.clock_slack

    def _on_sync_complete(self, _event: SyncComplete, now: float) -> None:
        for call in self._registry.take_held():
            call.sync_complete(now)
            self._registry.update(call, now)

    def _on_member_left(self, event: MemberLeft, now: float) -> None:
        for call in self._registry.in_room(event.room_id):
            call.member_left(event.user_id, now)
            self._registry.update(call, now)

    # --- local ---

    def _on_place(self, event: Place, now: float) -> None:
        if event.key in self._registry or self._registry.is_buried(event.key, now):
            raise CallExists(event.key)
        call = OutboundCall(event, self._scope, now)
        self._registry.update(call, now)
        self._invites.placed(call, now)

    def _on_local(self, event: _OfCall, now: float) -> None:
        call = self._registry.get(event.key)
        if call is None:
            raise UnknownCall(event.key)
        call.local(event, now)
        self._registry.update(call, now)

    # --- results ---

    def _on_result(self, event: ResultEvent, now: float) -> None:
        call = self._registry.get(event.key)
        if call is not None:  # results may outlive their call
            call.result(event, now)
            self._registry.update(call, now)

    _handlers: ClassVar[Mapping[type, Callable[[Any, Any, float], None]]] = {
        Received: _on_received,
        SyncComplete: _on_sync_complete,
        MemberLeft: _on_member_left,
        Place: _on_place,
        Accept: _on_local,
        LocalReject: _on_local,
        HangUp: _on_local,
        Renegotiate: _on_local,
        SetMuted: _on_local,
        Transfer: _on_local,
        RejectTransfer: _on_local,
        AssertIdentity: _on_local,
        OfferReady: _on_result,
        AnswerReady: _on_result,
        AnswerApplied: _on_result,
        LocalCandidates: _on_result,
        LocalStreams: _on_result,
        MediaConnected: _on_result,
        MediaFailed: _on_result,
        Sent: _on_result,
        SendFailed: _on_result,
    }
