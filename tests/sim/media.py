"""The media edges of all devices: who is connected to whom is told by the descriptions alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from tests.signalling.kit import OFFER
from tests.sim.chance import Chance
from tests.sim.clock import Clock
from tests.sim.device import Member
from voip.signalling.commands import (
    ApplyAnswer,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    CreateReanswer,
    CreateReoffer,
    SetStreams,
)
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    Event,
    LocalCandidates,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    OfferReady,
)
from voip.signalling.ice import END_OF_CANDIDATES, Candidate
from voip.signalling.ids import CallKey, Party

SILENCE: Final = 30.0
"""How long an edge hears nothing before it says that the connection is lost."""
_CANDIDATES: Final = (Candidate("candidate:1 …", "0"), Candidate(END_OF_CANDIDATES))
_HELD: Final = "a=sendonly\r\n"

Request: TypeAlias = CreateOffer | CreateAnswer | ApplyAnswer | CreateReoffer | CreateReanswer
Happen: TypeAlias = Callable[[Member, Event], object]


@dataclass(eq=False)
class End:
    """What one device holds for one call."""

    device: Member
    life: int
    key: CallKey
    made: str = ""
    taken: str = ""
    offered: str = ""
    """The latest offer in the middle of the call."""
    partner: End | None = None
    open: bool = True

    @property
    def party(self) -> Party:
        return self.device.party


class Media:
    def __init__(self, clock: Clock, chance: Chance, happen: Happen) -> None:
        self._clock = clock
        self._chance = chance
        self._happen = happen
        self._made_by: dict[str, End] = {}
        self._ends: dict[tuple[Party, CallKey], End] = {}
        self._count = 0
        self._answers: dict[str, str] = {}
        self.mistaken = 0
        """Answers that were applied to an offer that they do not answer."""

    def partner(self, party: Party, key: CallKey) -> Member | None:
        """Whom this end is connected to, as the media know it."""
        end = self._ends.get((party, key))
        return None if end is None or end.partner is None else end.partner.device

    def ask(self, device: Member, asked: Request) -> None:
        match asked:
            case CreateOffer():
                end = self._open(device, asked.key)
                end.made = self._description(end)
                self._offer(end, asked, end.made)
            case CreateAnswer():
                end = self._open(device, asked.key)
                end.made, end.taken = self._description(end), asked.offer
                self._answer(end, asked, end.made)
            case ApplyAnswer():
                end = self._ends[device.party, asked.key]
                if not end.taken:
                    end.taken = asked.answer
                    self._connect(end)
                elif self._answers.get(asked.answer) != end.offered:
                    self.mistaken += 1
                self._result(end, AnswerApplied(asked.key, asked.request), asked.request)
            case CreateReoffer():
                end = self._ends[device.party, asked.key]
                end.offered = self._description(end) + (_HELD if asked.change.hold else "")
                self._offer(end, asked, end.offered)
            case CreateReanswer():
                end = self._ends[device.party, asked.key]
                answer = self._description(end)
                self._answers[answer] = asked.offer
                self._answer(end, asked, answer)

    def set_streams(self, device: Member, told: SetStreams, others: Iterable[Party]) -> None:
        """They are told of media that are open, and are streams that somebody else makes."""
        assert (device.party, told.key) in self._ends
        assert told.streams.keys() <= {_stream_of(party) for party in others}

    def close(self, device: Member, closed: CloseMedia) -> None:
        end = self._ends.pop((device.party, closed.key))
        self._close(end)

    def crash(self, device: Member) -> None:
        for place, end in list(self._ends.items()):
            if end.device is device:
                del self._ends[place]
                self._close(end)

    @property
    def open_ends(self) -> int:
        return len(self._ends)

    def _open(self, device: Member, key: CallKey) -> End:
        end = self._ends[device.party, key] = End(device, device.life, key)
        return end

    def _close(self, end: End) -> None:
        end.open = False
        if end.partner is not None:
            self._later(end.partner, SILENCE, MediaFailed(end.key, MediaProblem.LOST))

    def _description(self, end: End) -> str:
        self._count += 1
        sdp = f"v=0\r\ns={self._count}\r\n{OFFER[5:]}a=msid:{_stream_of(end.party)} track\r\n"
        self._made_by[sdp] = end
        return sdp

    def _offer(self, end: End, asked: CreateOffer | CreateReoffer, sdp: str) -> None:
        complete = self._chance.pick(True, False)
        self._result(end, OfferReady(end.key, asked.request, sdp, complete), asked.request)
        self._trickle(end, complete)

    def _answer(self, end: End, asked: CreateAnswer | CreateReanswer, sdp: str) -> None:
        complete = self._chance.pick(True, False)
        self._result(end, AnswerReady(end.key, asked.request, sdp, complete), asked.request)
        self._trickle(end, complete)

    def _trickle(self, end: End, complete: bool) -> None:
        for wait in () if complete else (0, 1, 3):
            self._later(end, float(wait), LocalCandidates(end.key, _CANDIDATES[:wait]))

    def _result(self, end: End, good: Event, request: int) -> None:
        """Good, late, or bad; one outcome for each request."""
        bad = MediaFailed(end.key, self._chance.pick(*MediaProblem), request)
        self._later(end, self._chance.pick(0.02, 0.0, 25.0), self._chance.pick(good, bad))

    def _connect(self, caller: End) -> None:
        callee = self._made_by.get(caller.taken)
        if callee is None or not callee.open or callee.taken != caller.made:
            return
        caller.partner, callee.partner = callee, caller
        for end in (caller, callee):
            lost = MediaFailed(end.key, MediaProblem.ICE_FAILED)
            found: Event | None = self._chance.pick(MediaConnected(end.key), lost, None)
            if found is not None:
                self._later(end, self._chance.pick(0.2, 0.0, 29.0, 31.0), found)

    def _later(self, end: End, delay: float, event: Event) -> None:
        def happen() -> None:
            # A result may outlive its call, but not the process that waited for it.
            same_process = end.device.up and end.device.life == end.life
            late = not end.open and isinstance(event, MediaFailed | MediaConnected)
            if same_process and not late:
                self._happen(end.device, event)

        self._clock.after(delay, happen)


def _stream_of(party: Party) -> str:
    return f"stream of {party.user_id} {party.party_id}".replace(" ", "-")
