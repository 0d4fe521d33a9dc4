"""What a call sends, on its way into a recording."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from voip.media import opus
from voip.media.packets import PlayedPacket

_REST: Final = {opus.SILENCE, opus.DTX}


class Sent:
    """For `Player.on_sent`: what is no silence, with the time at which it was due.

    That is our own clock, the one of the other side's arrivals too, and not that of the RTP
    timestamps: those stand still while the loop does.
    """

    def __init__(self, deliver: Callable[[PlayedPacket], None]) -> None:
        self._deliver = deliver
        self._numbers = itertools.count()

    def __call__(self, payload: bytes, due: float) -> None:
        if payload not in _REST:
            number = next(self._numbers) & 0xFFFF
            timestamp = round(due * opus.SAMPLE_RATE) & 0xFFFFFFFF
            self._deliver(PlayedPacket(payload, number, timestamp, 1, due, None))
