"""One call: what both directions share.

A call turns remote contents, local wishes and results into transitions (`states.TRANSITIONS`),
commands and notices. `outbound` and `inbound` add what only one direction does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from voip.signalling.batch import CandidateBatch
from voip.signalling.commands import (
    AddCandidates,
    By,
    CloseMedia,
    Ended,
    EndReason,
    Established,
    IgnoreReason,
)
from voip.signalling.content import CallContent, Candidates, Hangup, Streams
from voip.signalling.conversation import IN_CONVERSATION, WISHES, Conversation, Scope, make
from voip.signalling.errors import WrongState
from voip.signalling.events import (
    HangUp,
    LocalCandidates,
    LocalEvent,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    ResultEvent,
    SendProblem,
)
from voip.signalling.ice import Candidate
from voip.signalling.ids import NO_PARTY, CallKey, Party
from voip.signalling.states import TIMERS, TRANSITIONS, State, Timer, Trigger
from voip.signalling.timers import Armed

C = TypeVar("C", bound=CallContent)
RemoteHandlers: TypeAlias = Mapping[
    type[CallContent], Callable[[Any, Party, Any, float], IgnoreReason | None]
]
"""Content type → method(call, sender, content, now); what is not listed is UNSUPPORTED."""
Handlers: TypeAlias = Mapping[type, Callable[[Any, Any, float], None]]

WITH_MEDIA: Final = frozenset(
    {
        State.PREPARING,
        State.INVITING,
        State.INVITED,
        State.ANSWERING,
        State.CONNECTING,
        State.CONNECTED,
    }
)
"""States in which the media edge holds something for the call."""

_BY_HANGUP: Final[Mapping[str, EndReason]] = {
    "user_hangup": EndReason.HANGUP,
    "user_busy": EndReason.BUSY,
    "invite_timeout": EndReason.NOT_ANSWERED,
    "ice_failed": EndReason.NO_PATH,
    "ice_timeout": EndReason.MEDIA_LOST,
    "user_media_failed": EndReason.PEER_FAILED,
    "unknown_error": EndReason.PEER_FAILED,
    # Not in the specification; matrix-js-sdk sends them.
    "answered_elsewhere": EndReason.ANSWERED_ELSEWHERE,
    "signalling_timeout": EndReason.PEER_FAILED,
}

_BY_PROBLEM: Final[Mapping[MediaProblem, tuple[EndReason, str]]] = {
    MediaProblem.BAD_DESCRIPTION: (EndReason.BAD_DESCRIPTION, "unknown_error"),
    MediaProblem.NO_COMMON_CODEC: (EndReason.NO_COMMON_CODEC, "unknown_error"),
    MediaProblem.INTERNAL: (EndReason.MEDIA_FAILED, "user_media_failed"),
    # "ice_failed … means no media connection could be established", "ice_timeout: the connection
    # failed after some media was exchanged" (m.call.hangup, reason).
    MediaProblem.ICE_FAILED: (EndReason.NO_PATH, "ice_failed"),
    MediaProblem.CONNECT_TIMEOUT: (EndReason.CONNECT_TIMEOUT, "ice_failed"),
    MediaProblem.LOST: (EndReason.MEDIA_LOST, "ice_timeout"),
    MediaProblem.CRASHED: (EndReason.MEDIA_CRASHED, "unknown_error"),
}


class Call(ABC):
    """A live call. `Calls` owns it, feeds it and forgets it when its state is ENDED."""

    __slots__ = (
        "_batch",
        "_conversation",
        "_device_keys",
        "_media_request",
        "_rang",
        "_scope",
        "_timer",
        "armed",
        "config",
        "key",
        "noted",
        "outbox",
        "peer",
        "state",
        "us",
        "version",
    )

    on_remote: ClassVar[RemoteHandlers]
    on_local: ClassVar[Handlers]
    on_result: ClassVar[Handlers]

    def __init__(self, key: CallKey, state: State, scope: Scope) -> None:
        self.key = key
        self.state = state
        self.noted: State | None = None
        """The state that the registry knows of."""
        self.armed: Armed | None = None
        """The deadline that the registry's timers know of."""
        self.peer: Party | None = None
        """The party that we talk to, once it is settled."""
        self._scope = scope
        # One by one: to unpack a named tuple takes twice as long.
        self.us, self.config, self.outbox = scope.us, scope.config, scope.outbox
        self.version = 1
        """The version that the other side speaks, once it has spoken."""
        self._conversation: Conversation | None = None
        self._device_keys: dict[Party, str] | None = None
        """None as long as nobody has encrypted."""
        self._batch = CandidateBatch()
        self._rang = False
        self._timer: float | None = None
        self._media_request: int | None = None

    # --- what Calls asks ---

    @property
    def deadline(self) -> float | None:
        """When `advance` is to be called next, if nothing else happens."""
        first, batch, talk = self._timer, self._batch.deadline, self._conversation
        if batch is not None and (first is None or batch < first):
            first = batch
        if talk is not None and talk.negotiation is not None:
            return _earlier(first, talk.negotiation.deadline)
        return first

    @property
    def offered_at(self) -> float | None:
        """When our open offer in the middle of the call was sent; None where there is none."""
        return None if self._conversation is None else self._conversation.offered_at

    def speaks_for(self, sender: Party, device_key: str | None) -> bool:
        """Whether this device may speak for the party.

        Where rooms are encrypted a party is also its device: otherwise a homeserver that has a
        device of its own in the room could forge an answer and stand in the middle.
        """
        if self._device_keys is None:
            return True
        known = self._device_keys.get(self._named(sender))
        return known is None or known == device_key

    def remember(self, sender: Party, device_key: str | None) -> None:
        """What this party said counted: it is bound to its device from now on."""
        if device_key is None:
            return
        if self._device_keys is None:
            self._device_keys = {}
        if len(self._device_keys) < self.config.max_parties:
            self._device_keys[self._named(sender)] = device_key

    def _named(self, sender: Party) -> Party:
        return self.peer if self.peer is not None and self._is_peer(sender) else sender

    def remote(
        self, sender: Party, device_key: str | None, content: CallContent, now: float
    ) -> IgnoreReason | None:
        """Take a remote content; returns why it changed nothing, where it changed nothing."""
        if self._device_keys is not None and not self.speaks_for(sender, device_key):
            return IgnoreReason.WRONG_DEVICE
        kind = type(content)
        if kind in IN_CONVERSATION:
            why = self._inside(sender, content, now)
        else:
            why = self.on_remote[kind](self, sender, content, now)
        if device_key is not None and why is None:
            self.remember(sender, device_key)
        if kind is not Candidates:  # they go by, and give nothing to send
            self._flush(now)
        return why

    def _inside(self, sender: Party, content: CallContent, now: float) -> IgnoreReason | None:
        if self.peer is not None and sender != self.peer:
            return IgnoreReason.WRONG_PARTY
        if self._conversation is None:
            return IgnoreReason.WRONG_STATE
        return self._conversation.remote(content, now)

    def local(self, event: LocalEvent, now: float) -> None:
        """Do what somebody here wishes. Raises `WrongState` where the call cannot."""
        handler = self.on_local.get(type(event))
        if handler is not None:
            handler(self, event, now)
        elif type(event) in WISHES and self._conversation is not None:
            self._conversation.local(event, now)
        else:
            raise WrongState(self.key, type(event).__name__.lower(), self.state)
        self._flush(now)

    def result(self, event: ResultEvent, now: float) -> None:
        """Take an edge's result; one that the call no longer waits for changes nothing."""
        if self._conversation is not None and self._conversation.result(event, now):
            self._flush(now)
            return
        handler = self.on_result.get(type(event))
        if handler is not None:
            handler(self, event, now)
            self._flush(now)

    @abstractmethod
    def involves(self, user_id: str) -> bool:
        """Whether the call is over when this user leaves the room."""

    def member_left(self, user_id: str, now: float) -> None:
        """The other party leaving the room is a hangup ("Voice over IP")."""
        if user_id == self.us.user_id:
            self._end(now, EndReason.LEFT_ROOM, By.US)
        elif self.involves(user_id):
            self._end(now, EndReason.LEFT_ROOM, By.PEER)

    def advance(self, now: float) -> None:
        """Fire what is due."""
        if self._timer is not None and self._timer <= now:
            self._timed_out(TIMERS[self.state], now)
        if self._conversation is not None:
            self._conversation.advance(now)
        self._flush(now)

    # --- what both directions do alike ---

    def _go(self, trigger: Trigger, now: float) -> None:
        """Take a transition, and arm the one timer of the state that it leads to."""
        self.state = TRANSITIONS[self.state][trigger]
        timer = TIMERS.get(self.state)
        self._timer = None if timer is None else self._due(timer, now)

    def _due(self, timer: Timer, now: float) -> float:
        if timer is Timer.CONNECT:
            return now + self.config.connect_timeout
        if timer is Timer.PREPARE:
            return now + self.config.prepare_timeout
        if timer is Timer.SETTLE:
            return min(now + self.config.late_settles, self._lifetime_over(now))
        return self._lifetime_over(now)

    @abstractmethod
    def _lifetime_over(self, now: float) -> float: ...

    def _timed_out(self, timer: Timer, now: float) -> None:
        match timer:
            case Timer.PREPARE:
                self._media_failed(MediaProblem.INTERNAL, now)
            case Timer.CONNECT:
                self._media_failed(MediaProblem.CONNECT_TIMEOUT, now)
            case Timer.LIFETIME | Timer.SETTLE:
                self._not_answered(now)

    @abstractmethod
    def _not_answered(self, now: float) -> None: ...

    def _make(self, kind: type[C], **fields: Any) -> C:
        return make(kind, self.key, self.us, self.version, **fields)

    def _send(self, content: CallContent) -> int:
        return self.outbox.send(self.key, content.event_type, content.to_wire())

    def _hangup(self, reason: str) -> Hangup:
        return self._make(Hangup, reason=reason)

    def _begin_conversation(self, *, polite: bool, ours: Streams) -> Conversation:
        """The call is answered. The callee is the polite side (MSC2746, "Politeness")."""
        self._conversation = Conversation(
            self.key,
            self._scope,
            self._batch,
            version=self.version,
            polite=polite,
            our_sdp_streams=ours,
        )
        return self._conversation

    def _is_peer(self, sender: Party, version: int = 1) -> bool:
        """Also for a client that names no party in its hangup, as some do.

        One that says version 0 has no party, so where the peer has one it is another device.
        """
        if self.peer is None:
            return False
        unnamed = Party(self.peer.user_id, NO_PARTY)
        return sender == self.peer or (version != 0 and sender == unnamed)

    def _farewell(self, reason: str) -> CallContent | None:
        """What tells the other side that we end the call; None where it does not know of it."""
        return self._hangup(reason)

    def _end(
        self,
        now: float,
        reason: EndReason,
        by: By,
        *,
        say: CallContent | None = None,
        wire_reason: str | None = None,
    ) -> None:
        had_media = self.state in WITH_MEDIA
        self._go(Trigger.END, now)
        self._batch = CandidateBatch()
        self._conversation = None
        if say is not None:
            self._send(say)
        if had_media:
            self.outbox.put(CloseMedia(self.key))
        if wire_reason is None and isinstance(say, Hangup):
            wire_reason = say.reason
        self.outbox.put(Ended(self.key, reason, by, self._rang, wire_reason))

    def _hang_up(self, event: HangUp, now: float) -> None:
        reason = _BY_HANGUP.get(event.reason, EndReason.HANGUP)
        self._end(now, reason, By.US, say=self._farewell(event.reason))

    def _hung_up(self, content: Hangup, now: float) -> None:
        """The other side ended it. Unknown reasons are tolerated: clients make up their own."""
        reason = _BY_HANGUP.get(content.reason, EndReason.HANGUP)
        self._end(now, reason, By.PEER, wire_reason=content.reason)

    def _media_failed(self, problem: MediaProblem, now: float) -> None:
        """Some clients end silently when media fails, so ours is always said."""
        reason, wire = _BY_PROBLEM[problem]
        self._end(now, reason, By.FAULT, say=self._farewell(wire))

    def _not_sent(self, problem: SendProblem, now: float) -> None:
        """The event that the call stands on was not sent."""
        refused = problem is SendProblem.REFUSED
        reason = EndReason.SEND_REFUSED if refused else EndReason.SEND_FAILED
        # Not refused, the homeserver may have taken it without our learning of it.
        say = None if refused else self._hangup("unknown_error")
        self._end(now, reason, By.FAULT, say=say)

    def _on_media_failed(self, event: MediaFailed, now: float) -> None:
        if self.state not in WITH_MEDIA:
            return
        if event.request is None or event.request == self._media_request:
            self._media_failed(event.problem, now)

    def _on_media_connected(self, _event: MediaConnected, now: float) -> None:
        if self.state is State.CONNECTING:
            self._go(Trigger.MEDIA_CONNECTED, now)
            self.outbox.put(Established(self.key))

    def _on_local_candidates(self, event: LocalCandidates, now: float) -> None:
        if self.state in WITH_MEDIA:
            self._batch.add(event.candidates, now)

    def _add_candidates(self, candidates: tuple[Candidate, ...]) -> None:
        if candidates:
            self.outbox.put(AddCandidates(self.key, candidates))

    def _flush(self, now: float) -> None:
        if self._batch.deadline is not None and self._batch.deadline <= now:
            self._send(self._make(Candidates, candidates=self._batch.take()))


def _earlier(one: float | None, other: float | None) -> float | None:
    if one is None or (other is not None and other < one):
        return other
    return one
