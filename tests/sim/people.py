"""What people do: call, accept, decline, change their minds, hold, mute, hang up, leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.sim.chance import Chance
from tests.sim.device import Item, Member
from voip.signalling.commands import Calling, Established, Incoming, TransferRequested
from voip.signalling.events import (
    Accept,
    AssertIdentity,
    Change,
    Event,
    HangUp,
    LocalStreams,
    Reject,
    RejectTransfer,
    Renegotiate,
    SetMuted,
    Transfer,
)
from voip.signalling.ids import CallKey

_CHANGES: Final = (
    Change(hold=True),
    Change(hold=False),
    Change(video=True),
    Change(restart_ice=True),
)


class People:
    def __init__(self, chance: Chance, do: Callable[[float, Member, Event], None]) -> None:
        self._chance = chance
        self._do = do
        self.talkative = False
        """They go on talking until they are told to hang up."""

    def hear(self, device: Member, item: Item) -> None:
        match item:
            case Incoming(key):
                self._decide(device, key)
            case Calling(key):
                if self._chance.pick(False, True):
                    self._do(self._chance.pick(5.0, 0.0, 50.0), device, HangUp(key))
            case Established(key) if not self.talkative:
                self._talk(device, key)
            case TransferRequested(key, transfer):
                self._do(0.0, device, RejectTransfer(key, transfer.replacement_id))

    def _decide(self, device: Member, key: CallKey) -> None:
        deeds: tuple[Event, ...] = (Accept(key), Reject(key), HangUp(key))
        delay = self._chance.pick(1.0, 0.0, 30.0, 100.0)
        for deed in self._chance.pick(deeds[:1], (), deeds[1:2], deeds[2:], deeds):
            self._do(delay, device, deed)

    def _talk(self, device: Member, key: CallKey) -> None:
        talk = self._chance.pick(10.0, 0.0, 100.0)
        # Not both at the same moment, unless chance will have it.
        patience = sum(device.party.party_id.encode()) % 7 / 4
        self._do(talk + self._chance.pick(patience, 0.0), device, HangUp(key))
        for _ in range(self._chance.byte() % 4):
            when = self._chance.byte() % 16 * talk / 16
            self._do(when, device, self._wish(key))

    def _wish(self, key: CallKey) -> Event:
        number = self._chance.byte()
        if number % 2:
            return Renegotiate(key, _CHANGES[number // 2 % len(_CHANGES)])
        wishes: tuple[Event, ...] = (
            SetMuted(key, audio=True),
            SetMuted(key, audio=False),
            Transfer(key, "replacement", create_call="next"),
            AssertIdentity(key, display_name="C"),
            LocalStreams(key, {}, outdated=True),
            LocalStreams(key, {}, outdated=False),
        )
        return wishes[number // 2 % len(wishes)]
