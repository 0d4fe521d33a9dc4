"""Several devices in one room, whose homeserver and media do as chance decides.

Chance is a tape of bytes: a zero, and all that follows its end, is the kindest choice, so that a
failure shrinks to the few unkind ones that matter.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from typing import Final, TypeVar

from tests.signalling.kit import ANSWER, OFFER, Device, Item, at
from voip.signalling.commands import (
    Answered,
    ApplyAnswer,
    Calling,
    CreateAnswer,
    CreateOffer,
    Established,
    Incoming,
    SendEvent,
)
from voip.signalling.config import CallConfig
from voip.signalling.errors import LocalError
from voip.signalling.events import (
    Accept,
    AnswerApplied,
    AnswerReady,
    Event,
    HangUp,
    LocalCandidates,
    MediaConnected,
    MediaFailed,
    MediaProblem,
    OfferReady,
    Place,
    Received,
    Reject,
    SendFailed,
    SendProblem,
    Sent,
    SyncComplete,
)
from voip.signalling.ice import END_OF_CANDIDATES, Candidate
from voip.signalling.ids import CallKey, Party

_T = TypeVar("_T")

MOST_STEPS: Final = 20_000
LONGEST_CALL: Final = 300.0
_CANDIDATES: Final = (Candidate("candidate:1 …", "0"), Candidate(END_OF_CANDIDATES))


class Chance:
    def __init__(self, tape: bytes) -> None:
        self._tape = iter(tape)

    def pick(self, kindest: _T, *others: _T) -> _T:
        """One of these; mostly the kindest, so that calls get somewhere."""
        number = next(self._tape, 0)
        return others[number // 8 % len(others)] if number % 8 == 7 else kindest


class World:
    def __init__(self, parties: Iterable[Party], config: CallConfig, chance: Chance) -> None:
        self.devices = {party: Device(party, config) for party in parties}
        self.now = max(device.now for device in self.devices.values())
        self._chance = chance
        self._order = itertools.count()
        self._events: list[tuple[float, int, Party, Event]] = []
        self._talking: set[tuple[CallKey, Party, Party]] = set()

    def plan(self, delay: float, party: Party, event: Event) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._order), party, event))

    def run(self) -> None:
        """Until nothing is planned and nobody waits."""
        for _ in range(MOST_STEPS):
            due = [
                (deadline, party)
                for party, device in self.devices.items()
                if (deadline := device.calls.deadline()) is not None
            ]
            first_due = min(due, default=None)
            if self._events and (first_due is None or self._events[0][0] <= first_due[0]):
                self.now, _, party, event = heapq.heappop(self._events)
                self._happen(party, event)
            elif first_due is not None:
                self.now, party = max(self.now, first_due[0]), first_due[1]
                self._react(party, self._at_now(party).wait(0))
            else:
                return
        raise AssertionError("it goes on for ever")

    def _at_now(self, party: Party) -> Device:
        device = self.devices[party]
        device.now = self.now
        return device

    def _happen(self, party: Party, event: Event) -> None:
        device = self._at_now(party)
        try:
            told = device.handle(event)
        except LocalError:
            assert isinstance(event, Place | Accept | Reject | HangUp)
            told = device.drain()
        self._react(party, told)

    def _react(self, party: Party, told: Iterable[Item]) -> None:
        for item in told:
            match item:
                case SendEvent():
                    self._send(party, item)
                case CreateOffer() | CreateAnswer():
                    self._describe(party, item)
                case ApplyAnswer(key, request):
                    self._media_result(party, AnswerApplied(key, request), key, request)
                case Answered(key, peer):
                    self._connect(key, party, peer)
                case Established(key):
                    self.plan(self._chance.pick(10.0, 0.0, 1000.0), party, HangUp(key))
                    self.plan(LONGEST_CALL, party, MediaFailed(key, MediaProblem.LOST))
                case Incoming(key):
                    self._decide(party, key)
                case Calling(key):
                    if self._chance.pick(False, True):
                        self.plan(self._chance.pick(5.0, 0.0, 50.0), party, HangUp(key))

    # --- the homeserver ---

    def _send(self, sender: Party, send: SendEvent) -> None:
        fate = self._chance.pick("sent", "sent", "silence", "unsure", "lost", "refused")
        delay = self._chance.pick(0.01, 1.0, 95.0)
        if fate == "sent":
            self.plan(delay, sender, Sent(send.key, send.request))
        elif fate in {"unsure", "lost"}:
            self.plan(delay, sender, SendFailed(send.key, send.request, SendProblem.UNREACHABLE))
        elif fate == "refused":
            self.plan(delay, sender, SendFailed(send.key, send.request, SendProblem.REFUSED))
        if fate in {"lost", "refused"}:
            return
        event = Received(
            send.key.room_id, "$event", sender.user_id, send.type, send.content, age=0.0
        )
        for party in self.devices:
            for _ in range(self._chance.pick(1, 1, 2, 0)):
                late = self._chance.pick(0.05, 0.0, 2.0, 70.0, 700.0)
                self.plan(late, party, at(event, age=late))
                self.plan(late + self._chance.pick(0.0, 3.0), party, SyncComplete())

    # --- the media ---

    def _describe(self, party: Party, asked: CreateOffer | CreateAnswer) -> None:
        key, request = asked.key, asked.request
        complete = self._chance.pick(True, False)
        ready = (
            OfferReady(key, request, OFFER, complete)
            if isinstance(asked, CreateOffer)
            else AnswerReady(key, request, ANSWER, complete)
        )
        self._media_result(party, ready, key, request)
        if not complete:
            for wait in (0.0, 1.0, 3.0):
                self.plan(wait, party, LocalCandidates(key, _CANDIDATES[: int(wait)]))

    def _media_result(self, party: Party, good: Event, key: CallKey, request: int) -> None:
        bad = MediaFailed(key, self._chance.pick(*MediaProblem), request)
        for event in self._chance.pick((good,), (good, good), (), (bad,), (good, bad)):
            self.plan(self._chance.pick(0.02, 0.0, 25.0), party, event)

    def _connect(self, key: CallKey, party: Party, peer: Party) -> None:
        """Media flows once both ends talk to each other, if it ever does."""
        self._talking.add((key, party, peer))
        if (key, peer, party) in self._talking:
            for end in (party, peer):
                lost = MediaFailed(key, MediaProblem.ICE_FAILED)
                found: Event | None = self._chance.pick(MediaConnected(key), lost, None)
                if found is not None:
                    self.plan(self._chance.pick(0.2, 0.0, 29.0, 31.0), end, found)

    # --- the people ---

    def _decide(self, party: Party, key: CallKey) -> None:
        deeds: tuple[Event, ...] = (Accept(key), Reject(key), HangUp(key))
        delay = self._chance.pick(1.0, 0.0, 30.0, 100.0)
        for deed in self._chance.pick(deeds[:1], (), deeds[1:2], deeds[2:], deeds):
            self.plan(delay, party, deed)
