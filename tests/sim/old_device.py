"""A device with an old client: version 0 of the call protocol, as a small machine of its own.

It shares nothing with our core but the words for its media and its user's wishes. What version 0
is (client-server API r0.6, "Voice over IP"): an invite, candidates, an answer, a hangup, each with
the integer version 0 and no party. Nobody is invited by name, so every other user's device rings;
whoever does not want to answer hangs up, for everybody; there is no reason, no choice that is told,
no glare: two calls that cross are two calls. Events and fields that came later are not known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Final

from tests.sim.device import Item, Told
from voip.signalling.commands import (
    ApplyAnswer,
    Calling,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    Established,
    Incoming,
    SendEvent,
)
from voip.signalling.events import (
    Accept,
    AnswerReady,
    Event,
    HangUp,
    LocalCandidates,
    MediaConnected,
    MediaFailed,
    OfferReady,
    Place,
    Received,
    Reject,
    Renegotiate,
    SendFailed,
)
from voip.signalling.ids import NO_PARTY, CallKey, Party

LIFETIME: Final = 60.0
CONNECTS_WITHIN: Final = 30.0


class Doing(Enum):
    OFFERING = "its offer is being made"
    CALLING = "it has invited"
    RINGING = "it rings"
    ANSWERING = "its answer is being made"
    CONNECTING = "there is an answer, and no media yet"
    TALKING = "media flow"


class OldEnd(Enum):
    SAID = "it hung up"
    HEARD = "the other side hung up, or another device of its user"
    ANSWERED_ELSEWHERE = "another device of its user answered"
    SILENT = "it rang long enough, or what it said was not sent"


@dataclass(eq=False)
class OldCall:
    doing: Doing
    other: str | None
    """The user at the other end; None until somebody answers."""
    sdp: str = ""
    """What is to be answered, then what it answered; of no use where it called."""
    until: float | None = None
    """It does this so long at most."""
    is_first: bool = False
    """It saw its own answer in the room before any other device's of its user."""


class OldDevice:
    def __init__(self, party: Party) -> None:
        self.party = party
        """Its name in the simulation; nothing that it says has one."""
        self.heard_as = Party(party.user_id, NO_PARTY)
        self.key = f"key of {party.user_id} {party.party_id}"
        self.life = 0
        self.up = True
        self.told: list[Told] = []
        self.ends: dict[CallKey, OldEnd] = {}
        """How each call ended for it. An id that it knows is never a call again."""
        self._calls: dict[CallKey, OldCall] = {}
        self._items: list[Item] = []
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        """How many calls are live."""
        return len(self._calls)

    def handle(self, event: Event, now: float) -> list[Item]:
        self._let_pass(now)
        key = _key_of(event)
        if key is not None:
            call = self._calls.get(key)
            if isinstance(event, Received):
                hear = self._remote.get(event.type)
                if hear is not None:
                    hear(self, key, call, event, now)
            elif isinstance(event, Place):
                self._place(key, call)
            elif call is not None and (do := self._local.get(type(event))) is not None:
                do(self, key, call, event, now)
        return self._drain(now)

    def deadline(self) -> float | None:
        return min((call.until for call in self._calls.values() if call.until), default=None)

    def advance(self, now: float) -> list[Item]:
        self._let_pass(now)
        return self._drain(now)

    def _let_pass(self, now: float) -> None:
        for key, call in list(self._calls.items()):
            if call.until is not None and call.until <= now:
                if call.doing is Doing.RINGING:
                    self._end(key, OldEnd.SILENT)
                else:
                    self._hang_up(key)

    def _drain(self, now: float) -> list[Item]:
        items, self._items = self._items, []
        self.told += [Told(now, self.life, item) for item in items]
        return items

    # --- what it hears ---

    def _invited(self, key: CallKey, call: OldCall | None, event: Received, now: float) -> None:
        if call is not None or key in self.ends or self._is_ours(event):
            return
        left = float(event.content["lifetime"]) / 1000 - event.age  # type: ignore[arg-type]
        if left > 0:
            offer = _sdp(event, "offer")
            self._calls[key] = OldCall(Doing.RINGING, event.sender, offer, now + left)
            caller = Party(event.sender, str(event.content.get("party_id", NO_PARTY)))
            self._items.append(Incoming(key, caller, video=False))

    def _answered(self, key: CallKey, call: OldCall | None, event: Received, now: float) -> None:
        if call is None:
            return
        answer = _sdp(event, "answer")
        if not self._is_ours(event):
            if call.doing is Doing.CALLING:  # the first answer wins
                call.doing, call.other = Doing.CONNECTING, event.sender
                call.until = now + CONNECTS_WITHIN
                self._items.append(ApplyAnswer(key, next(self._numbers), answer))
        elif call.doing is Doing.CONNECTING and answer == call.sdp:
            call.is_first = True
        elif call.sdp and call.doing in _NOT_YET_TAKEN and not call.is_first:
            self._end(key, OldEnd.ANSWERED_ELSEWHERE)

    def _hung_up(self, key: CallKey, call: OldCall | None, event: Received, _now: float) -> None:
        if call is None:
            self.ends.setdefault(key, OldEnd.HEARD)  # its invite, where it comes later, is over
        elif call.other in {None, event.sender} or self._is_ours(event):
            # Without parties a hangup of its own user is as good as its own.
            self._end(key, OldEnd.HEARD)

    # --- what its user wants ---

    def _place(self, key: CallKey, call: OldCall | None) -> None:
        busy = any(one.doing is not Doing.RINGING for one in self._calls.values())
        if call is None and key not in self.ends and not busy:
            self._calls[key] = OldCall(Doing.OFFERING, None)
            self._items.append(CreateOffer(key, next(self._numbers), video=False))

    def _accept(self, key: CallKey, call: OldCall, _event: Accept, _now: float) -> None:
        if call.doing is not Doing.RINGING:
            return
        for other, its in list(self._calls.items()):
            if its.doing is not Doing.RINGING:
                self._hang_up(other)  # it has one line
        call.doing, call.until = Doing.ANSWERING, None
        self._items.append(CreateAnswer(key, next(self._numbers), call.sdp))

    def _wants_an_end(self, key: CallKey, _call: OldCall, _event: Event, _now: float) -> None:
        self._hang_up(key)

    def _wants_a_change(self, key: CallKey, call: OldCall, _event: Event, _now: float) -> None:
        """Clients halfway to version 1 negotiate; nobody has to understand it."""
        description = {"type": "offer", "sdp": call.sdp}
        self._send(key, "m.call.negotiate", {"description": description, "lifetime": 60_000})

    # --- what its media tell ---

    def _offer_ready(self, key: CallKey, call: OldCall, event: OfferReady, now: float) -> None:
        call.doing, call.until = Doing.CALLING, now + LIFETIME
        offer = {"type": "offer", "sdp": event.sdp}
        self._send(key, "m.call.invite", {"offer": offer, "lifetime": round(LIFETIME * 1000)})
        self._items.append(Calling(key))

    def _answer_ready(self, key: CallKey, call: OldCall, event: AnswerReady, now: float) -> None:
        call.doing, call.until, call.sdp = Doing.CONNECTING, now + CONNECTS_WITHIN, event.sdp
        self._send(key, "m.call.answer", {"answer": {"type": "answer", "sdp": event.sdp}})

    def _gathered(self, key: CallKey, _call: OldCall, event: LocalCandidates, _now: float) -> None:
        """Each batch as it comes; that there are no more is not said."""
        found = [
            {"candidate": each.candidate, "sdpMid": each.sdp_mid, "sdpMLineIndex": 0}
            for each in event.candidates
            if each.candidate
        ]
        if found:
            self._send(key, "m.call.candidates", {"candidates": found})

    def _connected(self, key: CallKey, call: OldCall, _event: Event, _now: float) -> None:
        if call.doing is Doing.CONNECTING:
            call.doing, call.until = Doing.TALKING, None
            self._items.append(Established(key))

    def _not_sent(self, key: CallKey, call: OldCall, event: SendFailed, _now: float) -> None:
        sent = [told.item for told in self.told if isinstance(told.item, SendEvent)]
        (failed,) = (item.type for item in sent if item.request == event.request)
        if failed in _STANDS_ON and call.doing is not Doing.TALKING:
            self._end(key, OldEnd.SILENT)

    # --- inside ---

    def _is_ours(self, event: Received) -> bool:
        return event.sender == self.party.user_id

    def _send(self, key: CallKey, event_type: str, fields: Mapping[str, object]) -> None:
        content = {"call_id": key.call_id, "version": 0, **fields}
        self._items.append(SendEvent(key, next(self._numbers), event_type, content))

    def _hang_up(self, key: CallKey) -> None:
        if self._calls[key].doing is not Doing.OFFERING:
            self._send(key, "m.call.hangup", {})
        self._end(key, OldEnd.SAID)

    def _end(self, key: CallKey, how: OldEnd) -> None:
        if self._calls.pop(key).doing is not Doing.RINGING:
            self._items.append(CloseMedia(key))
        self.ends[key] = how

    _remote: ClassVar[Mapping[str, Callable[..., None]]] = {
        "m.call.invite": _invited,
        "m.call.answer": _answered,
        "m.call.hangup": _hung_up,
    }
    """Candidates go to its media, which need none here."""
    _local: ClassVar[Mapping[type, Callable[..., None]]] = {
        Accept: _accept,
        Reject: _wants_an_end,
        HangUp: _wants_an_end,
        Renegotiate: _wants_a_change,
        OfferReady: _offer_ready,
        AnswerReady: _answer_ready,
        LocalCandidates: _gathered,
        MediaConnected: _connected,
        MediaFailed: _wants_an_end,
        SendFailed: _not_sent,
    }


_NOT_YET_TAKEN: Final = frozenset({Doing.RINGING, Doing.ANSWERING, Doing.CONNECTING})
_STANDS_ON: Final = frozenset({"m.call.invite", "m.call.answer"})


def _key_of(event: Event) -> CallKey | None:
    if isinstance(event, Received):
        return CallKey(event.room_id, str(event.content["call_id"]))
    key: CallKey | None = getattr(event, "key", None)
    return key


def _sdp(event: Received, field: str) -> str:
    description: Any = event.content[field]
    return str(description["sdp"])
