"""What the other side reports of what we send: loss, jitter, and how long packets travel. Pure.

aiortc 1.16 takes the time of its last sender report for the one that is answered, though it may
have sent two with the same name meanwhile; a round trip comes out wrong then, even below 0.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MAX_PENDING: Final = 8
"""Sender reports of ours that may still be answered; one leaves each second or so."""
_SMOOTHED: Final = 1 / 8
"""Of each new measurement, as TCP does it (RFC 6298 §2.3)."""


class PeerReports:
    def __init__(self) -> None:
        self.lost: int | None = None
        """Packets of ours that did not arrive; None as long as nothing was reported."""
        self.jitter = 0.0
        """Seconds."""
        self.round_trip: float | None = None
        """Seconds, smoothed."""
        self._sent: OrderedDict[int, float | None] = OrderedDict()

    def sent(self, name: int, now: float) -> None:
        """A sender report of ours leaves. `name`: the middle 32 bits of its NTP time stamp, by
        which it is answered. One that two have tells nothing."""
        self._sent[name] = None if name in self._sent else now
        while len(self._sent) > MAX_PENDING:
            self._sent.popitem(last=False)

    def reported(self, *, lost: int, jitter: float, name: int, delay: int, now: float) -> None:
        """A block of a receiver report. `delay`: since it had the sender report `name`, in 65536ths
        of a second."""
        self.lost, self.jitter = lost, jitter
        began = self._sent.get(name) if name else None  # 0: it had none yet
        if began is None:
            return
        measured = now - began - delay / 65536
        if measured < 0:
            return
        if self.round_trip is None:
            self.round_trip = measured
        else:
            self.round_trip += (measured - self.round_trip) * _SMOOTHED
