"""A call that we place."""

from __future__ import annotations

from typing import ClassVar, Final

from voip.signalling.batch import CandidateBatch
from voip.signalling.call import Call, Handlers, RemoteHandlers
from voip.signalling.commands import (
    Answered,
    ApplyAnswer,
    By,
    Calling,
    CloseMedia,
    CreateOffer,
    EndReason,
    IgnoreReason,
    Replaced,
)
from voip.signalling.content import (
    Answer,
    CallContent,
    Candidates,
    Hangup,
    Invite,
    Reject,
    SelectAnswer,
)
from voip.signalling.conversation import NOTHING, OURS, Scope, our_streams
from voip.signalling.early import EarlyCandidates
from voip.signalling.events import (
    HangUp,
    LocalCandidates,
    MediaConnected,
    MediaFailed,
    OfferReady,
    Place,
    SendFailed,
    Sent,
)
from voip.signalling.ids import NO_PARTY, CallKey, Party
from voip.signalling.sdp_facts import holds, ufrag_of
from voip.signalling.states import TIMERS, State, Trigger

_UNANSWERED: Final = frozenset({State.INVITING, State.INVITED})


class OutboundCall(Call):
    """Its other party is settled by the first answer; until then candidates wait by party."""

    __slots__ = ("_early", "_invite_request", "_invitee", "_streams")

    def __init__(self, place: Place, scope: Scope, now: float) -> None:
        super().__init__(place.key, State.PREPARING, scope)
        self._invitee = place.invitee
        self._early: EarlyCandidates | None = None
        """Made with the first candidate that comes before a choice."""
        self._invite_request: int | None = None
        self._streams = NOTHING
        self._timer = self._due(TIMERS[State.PREPARING], now)
        self._media_request = scope.outbox.new_request()
        scope.outbox.put(CreateOffer(self.key, self._media_request, place.video))

    def involves(self, user_id: str) -> bool:
        return user_id == (self.peer.user_id if self.peer else self._invitee)

    def _lifetime_over(self, now: float) -> float:
        return now + self.config.invite_lifetime

    def _not_answered(self, now: float) -> None:
        # Some clients ignore the lifetime, so an expired invite needs a hangup too.
        say = self._hangup("invite_timeout")
        self._end(now, EndReason.NOT_ANSWERED, By.TIME, say=say)

    def _farewell(self, reason: str) -> CallContent | None:
        return None if self.state is State.PREPARING else self._hangup(reason)

    def glares_with(self, caller: Party) -> bool:
        """Whether an invite of this party is glare: both call each other, nobody answered yet."""
        return self.peer is None and self._may_answer(caller)

    @property
    def sent(self) -> bool:
        """Whether the invite is on its way, so that the other side may know of the call."""
        return self.state is not State.PREPARING

    def give_way(self, by: CallKey, caller: Party, now: float) -> None:
        """End in favour of the other side's call.

        The caller ignores ours by the same rule, but its other devices still ring for it.
        """
        sent = self.sent
        self._go(Trigger.REPLACED, now)
        self._batch = CandidateBatch()
        if sent and by != self.key:  # under the same id it would end the call that stays
            self._send(self._hangup("user_hangup"))
        self.outbox.put(CloseMedia(self.key))
        self.outbox.put(Replaced(self.key, by, caller))

    def _may_answer(self, party: Party) -> bool:
        """Only the invitee, where there is one; never another device of ours otherwise."""
        if self._invitee is not None:
            return party.user_id == self._invitee
        return party.user_id != self.us.user_id

    def _select(self, party: Party, content: CallContent) -> None:
        """Tell the callee's other devices that this one was chosen, by answer or by reject."""
        if content.version and party.party_id != NO_PARTY:  # version 0 has no select_answer
            choice = SelectAnswer(
                call_id=self.key.call_id,
                party_id=self.us.party_id,
                version=self.version,
                selected_party_id=party.party_id,
            )
            self._send(choice)

    # --- remote ---

    def _answer(self, sender: Party, content: Answer, now: float) -> IgnoreReason | None:
        if not self._may_answer(sender):
            return IgnoreReason.WRONG_PARTY
        if self.peer is not None:
            return IgnoreReason.ALREADY_ANSWERED
        if self.state not in _UNANSWERED:
            return IgnoreReason.WRONG_STATE
        self.peer = sender
        self.version = content.version
        self._select(sender, content)
        self._media_request = self.outbox.new_request()
        self.outbox.put(ApplyAnswer(self.key, self._media_request, content.answer))
        if self._early is not None:
            self._add_candidates(self._early.take(sender))
            self._early = None
        self._go(Trigger.ANSWER_CHOSEN, now)
        self.outbox.put(Answered(self.key, sender, content.capabilities))
        conversation = self._begin_conversation(polite=False, ours=self._streams)
        conversation.heard(holds(content.answer), content.streams)
        return None

    def _reject(self, sender: Party, content: Reject, now: float) -> IgnoreReason | None:
        if not self._may_answer(sender):
            return IgnoreReason.WRONG_PARTY
        if self.peer is not None:
            # "If the caller has already received an answer, it ignores the reject" (MSC2746).
            return IgnoreReason.ALREADY_ANSWERED
        if self.state not in _UNANSWERED:
            return IgnoreReason.WRONG_STATE
        self._select(sender, content)
        self._end(now, EndReason.REJECTED, By.PEER)
        return None

    def _hangup_received(self, sender: Party, content: Hangup, now: float) -> IgnoreReason | None:
        # Before a choice, the callee's hangup is taken as a reject that has a reason: version 0
        # clients have no other, and a device whose media failed says why.
        if self.peer is None:
            may_end = self._may_answer(sender)
        else:
            may_end = self._is_peer(sender, content.version)
        if not may_end:
            return IgnoreReason.WRONG_PARTY
        if self.state is State.PREPARING:
            return IgnoreReason.WRONG_STATE
        if self.peer is None:
            self._select(sender, content)  # as for a reject: its other devices stop ringing
        self._hung_up(content, now)
        return None

    def _candidates(self, sender: Party, content: Candidates, _now: float) -> IgnoreReason | None:
        if self.peer is not None:
            if sender != self.peer:
                return IgnoreReason.WRONG_PARTY
            self._add_candidates(content.candidates)
            return None
        if not self._may_answer(sender):
            return IgnoreReason.WRONG_PARTY
        if self._early is None:
            self._early = EarlyCandidates(self.config)
        return None if self._early.add(sender, content.candidates) else IgnoreReason.TOO_MANY

    def _select_answer(
        self, _sender: Party, _content: SelectAnswer, _now: float
    ) -> IgnoreReason | None:
        return IgnoreReason.WRONG_PARTY  # only we, the caller, may choose

    # --- results ---

    def _offer_ready(self, event: OfferReady, now: float) -> None:
        if self.state is not State.PREPARING or event.request != self._media_request:
            return
        self._streams = our_streams(event.sdp)
        self._invite_request = self._send(
            self._make(
                Invite,
                offer=event.sdp,
                lifetime=self.config.invite_lifetime,
                invitee=self._invitee,
                streams=self._streams or None,
                capabilities=OURS,
            )
        )
        self._go(Trigger.OFFER_READY, now)
        ufrag, delay = ufrag_of(event.sdp), self.config.batch_after_invite
        self._batch.open(delay, ufrag, now, complete=event.complete)

    def _sent(self, event: Sent, now: float) -> None:
        if self.state is State.INVITING and event.request == self._invite_request:
            self._go(Trigger.INVITE_SENT, now)
            self.outbox.put(Calling(self.key))

    def _send_failed(self, event: SendFailed, now: float) -> None:
        if self.state not in _UNANSWERED or event.request != self._invite_request:
            return
        self._not_sent(event.problem, now)

    on_remote: ClassVar[RemoteHandlers] = {
        Answer: _answer,
        Reject: _reject,
        Hangup: _hangup_received,
        Candidates: _candidates,
        SelectAnswer: _select_answer,
    }
    on_local: ClassVar[Handlers] = {HangUp: Call._hang_up}
    on_result: ClassVar[Handlers] = {
        OfferReady: _offer_ready,
        Sent: _sent,
        SendFailed: _send_failed,
        LocalCandidates: Call._on_local_candidates,
        MediaConnected: Call._on_media_connected,
        MediaFailed: Call._on_media_failed,
    }
