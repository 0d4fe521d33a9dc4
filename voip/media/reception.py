"""What is known of one received RTP stream: RFC 3550 §6.4.1, appendices A.1, A.3 and A.8. Pure.

aiortc 1.16 makes its receiver reports from such an object. Its own lets a wrap of the time stamp
(every 25 hours of Opus) pass for jitter, leaves the cycles out of the highest sequence number, and
takes a stream that begins anew for thousands of lost packets.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

MAX_DROPOUT: Final = 3000
MAX_MISORDER: Final = 100
"""Packets: what A.1 takes for a gap, and for one that comes late; beyond, a stream began anew."""
MAX_TRANSIT: Final = 5.0
"""Seconds: a time stamp further off is another clock, and no packet that came late."""
_MOST_LOST: Final = 0x7FFFFF
"""24 bits with a sign hold no more (§6.4.1)."""


class Counted(Protocol):
    """What is read of aiortc's packets, and of ours."""

    @property
    def sequence_number(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def payload(self) -> bytes: ...


class Reception:
    """The names without an underscore that aiortc reads are aiortc's."""

    __slots__ = (
        "_arrival",
        "_bad",
        "_base",
        "_before",
        "_clock_rate",
        "_highest",
        "_jitter",
        "_lost_before",
        "_prior",
        "_received",
        "_timestamp",
        "octets",
    )

    def __init__(self, clock_rate: int) -> None:
        """`clock_rate`: of the time stamps, in hertz."""
        self._clock_rate = clock_rate
        self.octets = 0
        """Of payload, as senders count theirs (§6.4.1)."""
        self._base = self._highest = -1
        """The first sequence number, and the highest with its cycles above the 16 bits."""
        self._received = 0
        """Since the stream began, or began anew."""
        self._before = self._lost_before = 0
        """Received and lost before it began anew."""
        self._bad = -1
        """The number that would show that it did."""
        self._prior = (0, 0)
        """Expected and received when the fraction was last asked for."""
        self._jitter = 0.0
        self._arrival = 0.0
        self._timestamp = -1

    def add(self, packet: Counted) -> None:
        """As aiortc hands packets over: at the time they arrive."""
        self.count(packet.sequence_number, packet.timestamp, len(packet.payload), time.monotonic())

    def count(self, sequence: int, timestamp: int | None, octets: int, arrival: float) -> None:
        """`arrival`: seconds of any clock. `timestamp` None: of another clock than the stream's,
        as telephone events may have, so that it tells nothing of jitter."""
        self.octets += octets
        if self._base < 0:
            self._begin(sequence)
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead < MAX_DROPOUT:
            self._highest += ahead
        elif ahead <= 0x10000 - MAX_MISORDER:
            if sequence != self._bad:
                self._bad = (sequence + 1) & 0xFFFF
                return
            self._begin(sequence)
        self._received += 1
        if timestamp is not None and timestamp != self._timestamp:
            self._note_transit(timestamp, arrival)

    def _begin(self, sequence: int) -> None:
        """A.1: at the first packet, and at the second of two in a row whose numbers are far off."""
        self._before += self._received
        self._lost_before += self._missing
        self._base = self._highest = sequence
        self._received, self._prior, self._bad, self._timestamp = 0, (0, 0), -1, -1

    def _note_transit(self, timestamp: int, arrival: float) -> None:
        """A.8, in seconds. The first packet of each time stamp counts: the others wait for it."""
        if self._timestamp >= 0:
            ticks = ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            off = abs(arrival - self._arrival - ticks / self._clock_rate)
            if off < MAX_TRANSIT:
                self._jitter += (off - self._jitter) / 16
        self._timestamp, self._arrival = timestamp, arrival

    @property
    def _expected(self) -> int:
        return self._highest - self._base + 1 if self._base >= 0 else 0

    @property
    def _missing(self) -> int:
        """Less than 0 where packets came twice."""
        return self._expected - self._received

    # --- all of it ---

    @property
    def packets_received(self) -> int:
        return self._before + self._received

    @property
    def lost(self) -> int:
        """Packets, of the whole stream."""
        return max(0, self._lost_before + self._missing)

    @property
    def jitter_seconds(self) -> float:
        return self._jitter

    # --- for a receiver report, whose figures begin anew with the stream ---

    @property
    def packets_lost(self) -> int:
        return max(-_MOST_LOST - 1, min(self._missing, _MOST_LOST))

    @property
    def fraction_lost(self) -> int:
        """Since it was asked for last, in 256ths (A.3)."""
        expected, received = self._expected, self._received
        new, got = expected - self._prior[0], received - self._prior[1]
        self._prior = expected, received
        return 0 if new <= got or new <= 0 else min(((new - got) << 8) // new, 255)

    @property
    def max_seq(self) -> int:
        """The extended highest sequence number (§6.4.1)."""
        return self._highest & 0xFFFFFFFF

    @property
    def jitter(self) -> int:
        """In ticks of the stream's clock."""
        return min(int(self._jitter * self._clock_rate), 0xFFFFFFFF)
