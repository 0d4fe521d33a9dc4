"""Two calls that hear each other through us, without decoding anything."""

from __future__ import annotations

from typing import Final, Protocol

from voip.media.errors import AlreadyBridged
from voip.media.forward import Forward
from voip.media.player import Player
from voip.media.tap import Tap
from voip.signalling.ids import CallKey

DELAY: Final = 0.08
"""Seconds: as much as the network may shake what comes in (four packets)."""


class Leg(Protocol):
    """What a bridge needs of a call."""

    player: Player

    @property
    def tap(self) -> Tap: ...


class Bridges:
    """The bridges of all calls; a call has one at most."""

    def __init__(self) -> None:
        self._ends: dict[CallKey, tuple[CallKey, Leg, Forward]] = {}
        """By the call that is heard: the one that hears it, and what forwards it."""

    def join(self, a: CallKey, b: CallKey, leg_a: Leg, leg_b: Leg) -> None:
        """Raises AlreadyBridged; a call cannot be bridged with itself either."""
        if a == b or a in self._ends or b in self._ends:
            raise AlreadyBridged
        for key, other, heard, hearing in ((a, b, leg_a, leg_b), (b, a, leg_b, leg_a)):
            forward = Forward(hearing.player, DELAY)
            heard.tap.add_audio(forward)
            self._ends[key] = other, heard, forward

    def other(self, key: CallKey) -> CallKey | None:
        """Whom a call is bridged with."""
        return self._ends[key][0] if key in self._ends else None

    def part(self, key: CallKey) -> None:
        """Nothing to end is no error."""
        other = self.other(key)
        if other is None:
            return
        for one in (key, other):
            _, leg, forward = self._ends.pop(one)
            leg.tap.remove(forward)
