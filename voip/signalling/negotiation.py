"""Renegotiation: one exchange of offer and answer after another, inside an answered call.

The table is `states.NEGOTIATION`. Both sides may offer. Where both do at once, the impolite side
ignores what comes and the polite side, the callee, gives way: its own change is offered again when
the other's is answered. Nothing here ends a call: a change that does not come about is told, and
the media stay as they were.
"""

from __future__ import annotations

from typing import Final, Protocol

from voip.signalling.commands import (
    ApplyAnswer,
    CreateReanswer,
    CreateReoffer,
    IgnoreReason,
    NegotiationFailed,
    Renegotiated,
    Rollback,
)
from voip.signalling.config import CallConfig
from voip.signalling.content import Negotiate, Streams
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    Change,
    MediaFailed,
    OfferReady,
    SendFailed,
    SendProblem,
)
from voip.signalling.ids import CallKey
from voip.signalling.outbox import Outbox
from voip.signalling.sdp_facts import holds
from voip.signalling.states import NEGOTIATION, Move, Negotiating

_WITH_OUR_OFFER: Final = frozenset(
    {Negotiating.OFFERING, Negotiating.OFFERED, Negotiating.APPLYING}
)


class Line(Protocol):
    """What a negotiation needs of its call."""

    key: CallKey
    config: CallConfig
    outbox: Outbox

    def negotiate(self, kind: str, made: OfferReady | AnswerReady, now: float) -> int:
        """Send `m.call.negotiate`; returns the request number."""

    def heard(self, holds: bool, streams: Streams | None) -> None:
        """Take note of what a description of the other side says of itself."""


class Negotiation:
    """Made when the first change comes; it lives as long as its call."""

    def __init__(self, line: Line, *, polite: bool) -> None:
        self.state = Negotiating.STABLE
        self.deadline: float | None = None
        self._line = line
        self._polite = polite
        self._request: int | None = None
        """The media request that is awaited."""
        self.offered_at: float | None = None
        """When our open offer was sent."""
        self._sent: int | None = None
        """The send of our latest description."""
        self._change = Change()
        """What our open offer is about."""
        self._wanted: Change | None = None
        """What waits for its turn, folded into one."""
        self._next: Negotiate | None = None
        """The other side's latest offer while its first is being answered."""

    def want(self, change: Change, now: float) -> None:
        """Offer a change, or keep it until its turn."""
        if self.state is Negotiating.STABLE:
            self._offer(change, now)
        else:
            self._wanted = change if self._wanted is None else self._wanted.and_then(change)

    def received(self, content: Negotiate, now: float) -> IgnoreReason | None:
        if content.description_type == "answer":
            return self._take_answer(content, now)
        match self.state:
            case Negotiating.ANSWERING | Negotiating.APPLYING:
                self._next = content  # an older one that waited is no longer true
                return None
            case Negotiating.OFFERING | Negotiating.OFFERED if not self._polite:
                return IgnoreReason.COLLISION
            case Negotiating.OFFERING | Negotiating.OFFERED:
                mine, later = self._change, self._wanted or Change()
                self._wanted = mine.and_then(later)
        self._answer(content, now)
        return None

    def offer_ready(self, event: OfferReady, now: float) -> None:
        if self.state is Negotiating.OFFERING and event.request == self._request:
            self._sent = self._line.negotiate("offer", event, now)
            self._go(Move.OFFER_READY, now + self._line.config.negotiate_lifetime)
            self.offered_at = now

    def answer_ready(self, event: AnswerReady, now: float) -> None:
        if self.state is not Negotiating.ANSWERING or event.request != self._request:
            return
        if self._next is not None:
            # Its sender gave this offer up, and would take our answer for one to the next.
            self._go(Move.GIVEN_UP)
        else:
            self._sent = self._line.negotiate("answer", event, now)
            self._go(Move.ANSWER_READY)
            self._line.outbox.put(Renegotiated(self._line.key))
        self._continue(now)

    def answer_applied(self, event: AnswerApplied, now: float) -> None:
        if self.state is Negotiating.APPLYING and event.request == self._request:
            self._go(Move.ANSWER_APPLIED)
            self._line.outbox.put(Renegotiated(self._line.key))
            self._continue(now)

    def failed(self, event: MediaFailed, now: float) -> bool:
        """A media request failed; False where it was none that is awaited here."""
        if event.request is None or event.request != self._request:
            return False
        self._give_up(event.problem.value, now)
        return True

    def send_failed(self, event: SendFailed, now: float) -> None:
        if event.request != self._sent:
            return
        if self.state is Negotiating.STABLE:  # it was our answer, and we have changed already
            self._sent = None
            self._line.outbox.put(NegotiationFailed(self._line.key, event.problem.value))
        elif event.problem is SendProblem.REFUSED:
            self._give_up(event.problem.value, now)
        # Else the homeserver may have taken our offer: its answer must not meet another offer.

    def advance(self, now: float) -> None:
        """Time is over for whoever is waited for."""
        if self.deadline is not None and self.deadline <= now:
            self._give_up("nobody answered in time", now)

    def _offer(self, change: Change, now: float) -> None:
        self._change = change
        request = self._request_of(Move.WANTED, now)
        self._line.outbox.put(CreateReoffer(self._line.key, request, change))

    def _answer(self, content: Negotiate, now: float) -> None:
        request = self._request_of(Move.OFFER_RECEIVED, now)
        self._line.outbox.put(CreateReanswer(self._line.key, request, content.sdp))
        self._line.heard(holds(content.sdp), content.streams)

    def _take_answer(self, content: Negotiate, now: float) -> IgnoreReason | None:
        if self.state is not Negotiating.OFFERED:
            return IgnoreReason.WRONG_STATE
        request = self._request_of(Move.ANSWER_RECEIVED, now)
        self._line.outbox.put(ApplyAnswer(self._line.key, request, content.sdp))
        self._line.heard(holds(content.sdp), content.streams)
        return None

    def _give_up(self, why: str, now: float) -> None:
        if self.state in _WITH_OUR_OFFER:
            self._line.outbox.put(Rollback(self._line.key))
        self._go(Move.GIVEN_UP)
        self._sent = None
        self._line.outbox.put(NegotiationFailed(self._line.key, why))
        self._continue(now)

    def _continue(self, now: float) -> None:
        """Take up what waited: the other side's offer first, it has waited for its answer."""
        if self._next is not None:
            content, self._next = self._next, None
            self._answer(content, now)
        elif self._wanted is not None:
            change, self._wanted = self._wanted, None
            self._offer(change, now)

    def _request_of(self, move: Move, now: float) -> int:
        """Take a move whose state waits for the media edge; returns the request's number."""
        self._go(move, now + self._line.config.prepare_timeout)
        self._sent = None
        self._request = self._line.outbox.new_request()
        return self._request

    def _go(self, move: Move, deadline: float | None = None) -> None:
        self.state = NEGOTIATION[self.state][move]
        self.deadline = deadline
        self.offered_at = None
        self._request = None
