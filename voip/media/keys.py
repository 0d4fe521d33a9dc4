"""The keys of one call (DTMF): those that the other side presses, and those that we press."""

from __future__ import annotations

from collections.abc import Callable

from voip.media import keypad
from voip.media.dtmf import DigitListener, Press
from voip.media.errors import NoDigits
from voip.media.packets import EventPacket
from voip.media.player import Player


class Keys:
    """`tell` gets each press of the other side, once, when it ends."""

    def __init__(self, track: Player, tell: Callable[[Press], None]) -> None:
        self._track = track
        self._listener = DigitListener(tell)

    def event(self, packet: EventPacket) -> None:
        self._listener.event(packet)

    async def press(
        self, digits: str, events: dict[int, int], *, seconds: float, gap: float
    ) -> None:
        """`events`: what the other side takes, payload types and their clock rates.

        Raises NoDigits, ValueError and, when the call ends, PlayerClosed.
        """
        if not events:
            raise NoDigits
        # RFC 4733 §2.1: in one stream with the sound, its own clock rate if that is to be had.
        payload_type, rate = max(events.items(), key=lambda event: event[1])
        slots = keypad.slots(digits, clock_rate=rate, seconds=seconds, gap=gap)
        await self._track.press(slots, payload_type)

    def close(self) -> None:
        self._listener.close()
