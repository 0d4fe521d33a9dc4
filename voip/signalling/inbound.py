"""A call that comes to us."""

from __future__ import annotations

from typing import ClassVar, Final

from voip.signalling.call import Call, Handlers, RemoteHandlers
from voip.signalling.commands import (
    Answered,
    By,
    CreateAnswer,
    EndReason,
    IgnoreReason,
    Incoming,
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
from voip.signalling.conversation import OURS, Scope, our_streams
from voip.signalling.early import EarlyCandidates
from voip.signalling.errors import WrongState
from voip.signalling.events import (
    Accept,
    AnswerReady,
    HangUp,
    LocalCandidates,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    SendFailed,
)
from voip.signalling.events import Reject as LocalReject
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey, Party
from voip.signalling.sdp_facts import holds, offers_video, ufrag_of
from voip.signalling.states import TIMERS, State, Timer, Trigger

_UNANSWERED: Final = frozenset({State.HELD, State.SETTLING, State.RINGING})


class InboundCall(Call):
    """Its other party is the inviter. It keeps the offer until it is accepted or over."""

    __slots__ = (
        "_after_glare",
        "_answer_request",
        "_capabilities",
        "_early",
        "_expires",
        "_late",
        "_offer",
        "_other_answered",
        "_peer_holds",
        "_peer_streams",
    )

    peer: Party

    def __init__(
        self,
        key: CallKey,
        caller: Party,
        invite: Invite,
        expires: float,
        scope: Scope,
        *,
        late: bool = False,
    ) -> None:
        """`expires`: when the invite's lifetime is over, in seconds of the core's clock; `late`:
        it was long on its way, so what answered it elsewhere may be about to come."""
        super().__init__(key, State.HELD, scope)
        self.peer = caller
        self.version = invite.version
        self._offer: str | None = invite.offer
        self._peer_streams = invite.streams
        self._peer_holds = False
        self._capabilities = invite.capabilities
        self._after_glare = False
        self._other_answered = False
        """Another device of ours answered too, and nobody will say which of the two was chosen."""
        self._expires = expires
        self._late = late
        self._early: EarlyCandidates | None = None
        """Made with the first candidate that comes before we accept."""
        self._answer_request: int | None = None
        self._timer = self._due(TIMERS[State.HELD], expires)

    @property
    def unanswered(self) -> bool:
        return self.state in _UNANSWERED

    def involves(self, user_id: str) -> bool:
        return user_id == self.peer.user_id

    def take_over(self, now: float) -> None:
        """This call stays where two called each other: it is answered without being asked."""
        self._after_glare = True
        if self.state is not State.HELD:
            self._open_media(now)

    def sync_complete(self, now: float) -> None:
        """The whole sync that brought the invite is processed, and it did not end the call."""
        if self._after_glare:
            self._open_media(now)
        elif self._late:
            self._go(Trigger.LATE, now)
        else:
            self._ring(Trigger.SYNC_COMPLETE, now)

    def _ring(self, trigger: Trigger, now: float) -> None:
        self._go(trigger, now)
        self._rang = True
        self.outbox.put(Incoming(self.key, self.peer, offers_video(self._offer or "")))

    def keep_early(self, candidates: tuple[Candidate, ...]) -> None:
        """Candidates of the caller that came before the invite."""
        if candidates:
            self._keep_early(candidates)

    def _keep_early(self, candidates: tuple[Candidate, ...]) -> bool:
        if self._early is None:
            self._early = EarlyCandidates(self.config)
        return self._early.add(self.peer, candidates)

    def _lifetime_over(self, now: float) -> float:
        return self._expires

    def _farewell(self, reason: str) -> CallContent | None:
        # "If the m.call.invite event has version 1, a client wishing to reject a call instead sends
        # an m.call.reject" (MSC2746). matrix-js-sdk rings on after a hangup without an answer.
        # Version 0 has no reject.
        if self._answer_request is None and self.version:
            return self._make(Reject)
        return self._hangup(reason)

    def _timed_out(self, timer: Timer, now: float) -> None:
        if timer is Timer.SETTLE and now < self._expires:
            self._ring(Trigger.SETTLED, now)
        else:
            super()._timed_out(timer, now)

    def _not_answered(self, now: float) -> None:
        self._end(now, EndReason.NOT_ANSWERED, By.TIME)

    def _media_failed(self, problem: MediaProblem, now: float) -> None:
        if not self._lost_to_other(now):
            super()._media_failed(problem, now)

    def _lost_to_other(self, now: float) -> bool:
        """End without a word where the caller has taken the answer of another device of ours.

        A hangup would end that device's call: version 0 knows users, not parties.
        """
        if not self._other_answered or self.state is not State.CONNECTING:
            return False
        self._end(now, EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE)
        return True

    # --- remote ---

    def _hangup_received(self, sender: Party, content: Hangup, now: float) -> IgnoreReason | None:
        if not self._is_peer(sender, content.version):
            # Before an answer, callers take a hangup of one of our devices as its reject.
            return self._settled_elsewhere(sender, EndReason.REJECTED_ELSEWHERE, now)
        self._hung_up(content, now)
        return None

    def _candidates(self, sender: Party, content: Candidates, _now: float) -> IgnoreReason | None:
        if sender != self.peer:
            return IgnoreReason.WRONG_PARTY
        if self.state not in _UNANSWERED:
            self._add_candidates(content.candidates)
            return None
        return None if self._keep_early(content.candidates) else IgnoreReason.TOO_MANY

    def _select_answer(
        self, sender: Party, content: SelectAnswer, now: float
    ) -> IgnoreReason | None:
        if sender != self.peer:
            return IgnoreReason.WRONG_PARTY
        if content.selected_party_id != self.us.party_id:
            # "… the client should end the call as answered elsewhere", and says nothing more.
            self._end(now, EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE)
            return None
        return IgnoreReason.WRONG_STATE if self._answer_request is None else None

    def _answer(self, sender: Party, content: Answer, now: float) -> IgnoreReason | None:
        # Version 0 has no select_answer: the caller takes the answer that comes first.
        untold = not self.version or not content.version
        if untold and self._is_other_device(sender):
            if self.state is State.ANSWERING:
                self._end(now, EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE)
                return None
            self._other_answered = True
        return self._settled_elsewhere(sender, EndReason.ANSWERED_ELSEWHERE, now)

    def _reject(self, sender: Party, _content: Reject, now: float) -> IgnoreReason | None:
        # "m.call.reject … rejects the call on all devices of the callee."
        return self._settled_elsewhere(sender, EndReason.REJECTED_ELSEWHERE, now)

    def _settled_elsewhere(
        self, sender: Party, reason: EndReason, now: float
    ) -> IgnoreReason | None:
        """Another device of ours took or declined the call while it rings here.

        Once we have answered ourselves, the caller chooses: its select_answer decides.
        """
        if not self._is_other_device(sender):
            return IgnoreReason.WRONG_PARTY
        if not self.unanswered:
            return IgnoreReason.ALREADY_ANSWERED
        self._end(now, reason, By.OTHER_DEVICE)
        return None

    def _is_other_device(self, sender: Party) -> bool:
        return sender.user_id == self.us.user_id and sender != self.peer

    # --- local ---

    def _accept(self, _event: Accept, now: float) -> None:
        if self.state is not State.RINGING:
            raise WrongState(self.key, "be accepted", self.state)
        self._open_media(now)

    def _open_media(self, now: float) -> None:
        offer, self._offer = self._offer or "", None
        self._peer_holds = holds(offer)
        self._media_request = self.outbox.new_request()
        self.outbox.put(CreateAnswer(self.key, self._media_request, offer))
        if self._early is not None:
            self._add_candidates(self._early.take(self.peer))
            self._early = None
        self._go(Trigger.ACCEPTED, now)

    def _local_reject(self, _event: LocalReject, now: float) -> None:
        if not self.unanswered:
            raise WrongState(self.key, "be rejected", self.state)
        self._decline(now)

    def _local_hang_up(self, event: HangUp, now: float) -> None:
        if self._answer_request is None and event.reason == "user_hangup":
            self._decline(now)
        else:
            self._hang_up(event, now)

    def _decline(self, now: float) -> None:
        self._end(now, EndReason.REJECTED, By.US, say=self._farewell("user_hangup"))

    # --- results ---

    def _answer_ready(self, event: AnswerReady, now: float) -> None:
        if self.state is not State.ANSWERING or event.request != self._media_request:
            return
        streams = our_streams(event.sdp)
        self._answer_request = self._send(
            self._make(Answer, answer=event.sdp, streams=streams or None, capabilities=OURS)
        )
        self._go(Trigger.ANSWER_READY, now)
        self.outbox.put(Answered(self.key, self.peer, self._capabilities))
        conversation = self._begin_conversation(polite=True, ours=streams)
        conversation.heard(self._peer_holds, self._peer_streams)
        self._peer_streams = None
        ufrag, delay = ufrag_of(event.sdp), self.config.batch_after_answer
        self._batch.open(delay, ufrag, now, complete=event.complete)

    def _send_failed(self, event: SendFailed, now: float) -> None:
        # Once media flows the answer has arrived, whatever its sender learned.
        if self.state is not State.CONNECTING or event.request != self._answer_request:
            return
        if not self._lost_to_other(now):
            self._not_sent(event.problem, now)

    on_remote: ClassVar[RemoteHandlers] = {
        Hangup: _hangup_received,
        Candidates: _candidates,
        SelectAnswer: _select_answer,
        Answer: _answer,
        Reject: _reject,
    }
    on_local: ClassVar[Handlers] = {
        Accept: _accept,
        LocalReject: _local_reject,
        HangUp: _local_hang_up,
    }
    on_result: ClassVar[Handlers] = {
        AnswerReady: _answer_ready,
        SendFailed: _send_failed,
        LocalCandidates: Call._on_local_candidates,
        MediaConnected: Call._on_media_connected,
        MediaFailed: Call._on_media_failed,
    }
