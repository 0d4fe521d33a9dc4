"""The states of a call and how it moves between them.

Theory of operation
-------------------
A call is placed by us (outbound) or comes to us (inbound). Both kinds share the end of the road:
once an answer is chosen they are CONNECTING, then CONNECTED, then ENDED. ENDED is the only state
without an exit; every other state can END.

Outbound: our offer is made (PREPARING), the invite travels to the homeserver (INVITING), the other
side's devices ring (INVITED), the first answer is chosen. An answer may overtake the homeserver's
word that it took the invite, so INVITING can be answered too.

Inbound: an invite is HELD until the whole sync response that brought it has been processed, because
the same response may say that the call is over (MSC2746, "ring only after the sync is processed");
one that comes late is SETTLING for a second, since a homeserver that was away gives out what it
missed in several syncs. Then it rings (RINGING) until somebody here accepts it (ANSWERING) or it
ends.

Glare, two people calling each other at the same time, ends one of the two calls: it is REPLACED by
the other, which is then answered at once, out of HELD or SETTLING (`calls` decides by the specified
rule).

Once an answer is chosen, both sides may renegotiate: hold, resume, video, another network path.
That is a small machine of its own inside CONNECTING and CONNECTED (`NEGOTIATION`): one exchange of
offer and answer at a time, and where both offer at once the polite side, which is the callee, gives
way (MSC2746, "Renegotiation", after WebRTC's perfect negotiation).

Whoever handles an event decides by the call's data which trigger it is, if any; this table alone
says where a trigger leads. Each live state has at most one timer, named here, which is armed on
entry and dies with the state. An event that a state does not list is ignored with a typed reason
(a peer's) or raises `WrongState` (ours); it never moves the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class _Singletons(Enum):
    """Members are found in the tables by what they are; `Enum` hashes their names, each time."""

    __hash__ = object.__hash__


class State(_Singletons):
    PREPARING = "preparing"
    INVITING = "inviting"
    INVITED = "invited"
    HELD = "held"
    SETTLING = "settling"
    RINGING = "ringing"
    ANSWERING = "answering"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ENDED = "ended"


class Trigger(_Singletons):
    OFFER_READY = "offer ready"
    INVITE_SENT = "invite sent"
    ANSWER_CHOSEN = "answer chosen"
    SYNC_COMPLETE = "sync complete"
    LATE = "sync complete, of an invite that came late"
    SETTLED = "what is late with it has had its time"
    ACCEPTED = "accepted"
    ANSWER_READY = "answer ready"
    MEDIA_CONNECTED = "media connected"
    END = "end"
    REPLACED = "replaced by the other side's call"


class Timer(_Singletons):
    """What a state waits for at most."""

    PREPARE = "the media edge makes an offer or an answer"
    LIFETIME = "the invite's lifetime"
    SETTLE = "what else is late may end it"
    CONNECT = "the media connects"


_Row = Mapping[Trigger, State]

TRANSITIONS: Final[Mapping[State, _Row]] = MappingProxyType(
    {
        State.PREPARING: {
            Trigger.OFFER_READY: State.INVITING,
            Trigger.REPLACED: State.ENDED,
            Trigger.END: State.ENDED,
        },
        State.INVITING: {
            Trigger.INVITE_SENT: State.INVITED,
            Trigger.ANSWER_CHOSEN: State.CONNECTING,
            Trigger.REPLACED: State.ENDED,
            Trigger.END: State.ENDED,
        },
        State.INVITED: {
            Trigger.ANSWER_CHOSEN: State.CONNECTING,
            Trigger.REPLACED: State.ENDED,
            Trigger.END: State.ENDED,
        },
        State.HELD: {
            Trigger.SYNC_COMPLETE: State.RINGING,
            Trigger.LATE: State.SETTLING,
            Trigger.ACCEPTED: State.ANSWERING,
            Trigger.END: State.ENDED,
        },
        State.SETTLING: {
            Trigger.SETTLED: State.RINGING,
            Trigger.ACCEPTED: State.ANSWERING,
            Trigger.END: State.ENDED,
        },
        State.RINGING: {
            Trigger.ACCEPTED: State.ANSWERING,
            Trigger.END: State.ENDED,
        },
        State.ANSWERING: {
            Trigger.ANSWER_READY: State.CONNECTING,
            Trigger.END: State.ENDED,
        },
        State.CONNECTING: {
            Trigger.MEDIA_CONNECTED: State.CONNECTED,
            Trigger.END: State.ENDED,
        },
        State.CONNECTED: {
            Trigger.END: State.ENDED,
        },
        State.ENDED: {},
    }
)

TIMERS: Final[Mapping[State, Timer]] = MappingProxyType(
    {
        State.PREPARING: Timer.PREPARE,
        State.INVITING: Timer.LIFETIME,
        State.INVITED: Timer.LIFETIME,
        State.HELD: Timer.LIFETIME,
        State.SETTLING: Timer.SETTLE,
        State.RINGING: Timer.LIFETIME,
        State.ANSWERING: Timer.PREPARE,
        State.CONNECTING: Timer.CONNECT,
    }
)


class Negotiating(_Singletons):
    """Where a renegotiation stands."""

    STABLE = "stable"
    OFFERING = "offering"
    OFFERED = "offered"
    APPLYING = "applying"
    ANSWERING = "answering"


class Move(_Singletons):
    WANTED = "a change is wanted here"
    OFFER_READY = "our offer is ready"
    OFFER_RECEIVED = "the other side's offer came"
    ANSWER_RECEIVED = "the other side's answer came"
    ANSWER_APPLIED = "the other side's answer is applied"
    ANSWER_READY = "our answer is ready"
    GIVEN_UP = "given up"


NEGOTIATION: Final[Mapping[Negotiating, Mapping[Move, Negotiating]]] = MappingProxyType(
    {
        Negotiating.STABLE: {
            Move.WANTED: Negotiating.OFFERING,
            Move.OFFER_RECEIVED: Negotiating.ANSWERING,
        },
        Negotiating.OFFERING: {
            Move.OFFER_READY: Negotiating.OFFERED,
            # Only the polite side gives way; the other ignores the offer.
            Move.OFFER_RECEIVED: Negotiating.ANSWERING,
            Move.GIVEN_UP: Negotiating.STABLE,
        },
        Negotiating.OFFERED: {
            Move.ANSWER_RECEIVED: Negotiating.APPLYING,
            Move.OFFER_RECEIVED: Negotiating.ANSWERING,
            Move.GIVEN_UP: Negotiating.STABLE,
        },
        Negotiating.APPLYING: {
            Move.ANSWER_APPLIED: Negotiating.STABLE,
            Move.GIVEN_UP: Negotiating.STABLE,
        },
        Negotiating.ANSWERING: {
            Move.ANSWER_READY: Negotiating.STABLE,
            Move.GIVEN_UP: Negotiating.STABLE,
        },
    }
)
