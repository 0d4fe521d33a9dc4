"""Which invites become calls, and which of two calls stays where both sides call (glare)."""

from __future__ import annotations

from voip.signalling.commands import IgnoreReason
from voip.signalling.content import Answer, CallContent, Candidates, Hangup, Invite, Reject
from voip.signalling.conversation import Scope
from voip.signalling.early import EarlyArrivals, Speaker
from voip.signalling.events import Received
from voip.signalling.ids import CallKey, Party
from voip.signalling.inbound import InboundCall
from voip.signalling.outbound import OutboundCall
from voip.signalling.registry import Registry


class Invites:
    """Takes the events of calls that are not there (yet), and settles glare."""

    def __init__(self, scope: Scope, registry: Registry) -> None:
        self._scope = scope
        self._registry = registry
        self._early = EarlyArrivals(scope.config)

    def for_no_call(
        self, key: CallKey, sender: Party, content: CallContent, event: Received, now: float
    ) -> IgnoreReason | None:
        """An event of a call that is over, or not there yet."""
        if self._registry.is_buried(key, now):
            return IgnoreReason.CALL_ENDED
        speaker = Speaker(sender, event.device_key)
        match content:
            case Invite():
                return self.invited(key, sender, content, event, now)
            case _ if event.age > self._scope.config.early_seconds:
                return IgnoreReason.UNKNOWN_CALL  # history: its invite came before, or never
            case Candidates():
                kept = self._early.candidates(key, speaker, content.candidates, now)
            case Hangup():
                kept = self._early.hung_up(key, speaker, now)
            case Reject() | Answer():
                kept = self._early.settled(key, sender.user_id, now)
            case _:
                return IgnoreReason.UNKNOWN_CALL
        return None if kept else IgnoreReason.TOO_MANY

    def invited(
        self, key: CallKey, caller: Party, invite: Invite, event: Received, now: float
    ) -> IgnoreReason | None:
        """An invite of a call that is none of ours yet, or that crosses ours of the same id."""
        speaker = Speaker(caller, event.device_key)
        over, candidates = self._early.take(key, speaker, self._scope.us, now)
        # "Expired" is judged by age, which servers count, never by two clocks compared.
        lifetime = min(invite.lifetime, self._scope.config.longest_lifetime)
        left = lifetime - max(event.age, 0.0)
        crossed = self._registry.crossed_by(key.room_id, caller)
        if over:
            why: IgnoreReason | None = IgnoreReason.OVER_BEFORE
        elif left <= 0:
            why = IgnoreReason.EXPIRED
        else:
            why = self._may_not_ring(caller, invite, event) or self._glare(crossed, key, caller)
        if why is not None:
            if key not in self._registry:
                self._registry.bury(key, now)  # what follows belongs to a call that is none of ours
            return why
        for ours in crossed:
            self._give_way(ours, key, caller, now)
        late = event.age >= self._scope.config.late_invite
        call = InboundCall(key, caller, invite, now + left, self._scope, late=late)
        call.keep_early(candidates)
        call.remember(caller, event.device_key)
        if crossed:
            call.take_over(now)
        self._registry.update(call, now)
        return None

    def placed(self, ours: OutboundCall, now: float) -> None:
        """We call somebody who is calling us: that is glare while ours is being prepared."""
        for theirs in self._registry.ringing_in(ours.key.room_id):
            if ours.glares_with(theirs.peer):
                self._give_way(ours, theirs.key, theirs.peer, now)
                theirs.take_over(now)
                self._registry.update(theirs, now)
                return

    def _may_not_ring(self, caller: Party, invite: Invite, event: Received) -> IgnoreReason | None:
        us = self._scope.us
        if invite.invitee is not None and invite.invitee != us.user_id:
            return IgnoreReason.NOT_FOR_US
        if invite.invitee is None and caller.user_id == us.user_id:
            return IgnoreReason.OWN_CALL
        if event.room_public:
            # In rooms that anybody may join, clients are recommended not to ring (MSC2746).
            return IgnoreReason.PUBLIC_ROOM
        return None

    def _glare(
        self, crossed: list[OutboundCall], key: CallKey, caller: Party
    ) -> IgnoreReason | None:
        """Why the invite does not count beside the calls of ours that it crosses.

        "If the client is still preparing its own call, it answers the other's. If it has sent its
        invite, the call with the lexicographically lesser id is kept" (MSC2746, "Glare"). For equal
        ids, of which it says nothing, the lesser party stays the caller.
        """
        for ours in crossed:
            if ours.sent and (ours.key.call_id, self._scope.us) < (key.call_id, caller):
                return IgnoreReason.GLARE
        if self._registry.full and not crossed:  # what replaces a call of ours does not wait
            return IgnoreReason.TOO_MANY
        return None

    def _give_way(self, ours: OutboundCall, by: CallKey, caller: Party, now: float) -> None:
        ours.give_way(by, caller, now)
        self._registry.update(ours, now)
        if ours.key == by:
            self._registry.revive(by)
