"""Where a packet belongs: one line of numbers and positions, whatever the sender does with its own.

RTP counts packets in 16 bits and samples in 32, begins both at random, and begins anew with a new
SSRC (RFC 3550 §5.1). Here both only grow: a number for each packet, and the position of its first
sample on one line at 48 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass

from voip.media import opus
from voip.media.packets import AudioPacket

_SEQUENCES = 1 << 16
_TIMESTAMPS = 1 << 32


@dataclass(frozen=True, slots=True)
class Place:
    """Of one packet."""

    number: int
    position: int
    """Of its first sample."""
    timely: bool
    """Its delay can be told from its position."""


class Numbering:
    """The sender's clock is believed within reason: packets that follow each other do not overlap,
    and none lies more than `TOLERANCE` ahead of the others' pace. Beyond that the sender has a new
    clock, and the line goes on where the arrival says.
    """

    RESTART = 3000
    """Numbers ahead that make it a new stream rather than a loss (RFC 3550 A.1, MAX_DROPOUT)."""
    MISORDER = 100
    """Numbers behind up to which it is a late packet (RFC 3550 A.1, MAX_MISORDER)."""
    TOLERANCE = 1.0
    """Seconds."""

    def __init__(self) -> None:
        self._newest: AudioPacket | None = None
        self._number = 0
        self._position = 0
        """Of the newest packet."""
        self._end = 0
        """Where the newest packet ends."""

    def place(self, packet: AudioPacket, samples: int, base: float) -> Place:
        """`samples` is how long the packet is, at 48 kHz. `base` is when a packet at position 0
        would have come if it were as fast as the fastest, in seconds of the arrivals' clock.
        """
        arrived = round((packet.arrival - base) * opus.SAMPLE_RATE)
        newest = self._newest
        if newest is None:
            return self._advance(packet, samples, 0, arrived)
        ahead = _difference(packet.sequence, newest.sequence, _SEQUENCES)
        if packet.ssrc != newest.ssrc or not -self.MISORDER <= ahead < self.RESTART:
            return self._advance(packet, samples, 1, arrived)
        step = _difference(packet.timestamp, newest.timestamp, _TIMESTAMPS)
        position = self._position + step
        if ahead <= 0:
            return self._earlier(ahead, position)
        tolerance = self.TOLERANCE * opus.SAMPLE_RATE
        if position > arrived + tolerance and position > self._end:
            position = arrived
        return self._advance(packet, samples, ahead, position)

    def _advance(self, packet: AudioPacket, samples: int, ahead: int, position: int) -> Place:
        self._newest = packet
        self._number += ahead
        self._position = max(position, self._end)
        self._end = self._position + samples
        return Place(self._number, self._position, timely=True)

    def _earlier(self, ahead: int, position: int) -> Place:
        """One that was overtaken; that must not be from the time before the clock changed."""
        oldest = self._position - round(self.TOLERANCE * opus.SAMPLE_RATE)
        timely = oldest <= position <= self._position
        believed = min(max(position, oldest), self._position)
        return Place(self._number + ahead, believed, timely)


def _difference(one: int, other: int, modulus: int) -> int:
    """How far `one` is ahead of `other`, the short way around."""
    half = modulus // 2
    return (one - other + half) % modulus - half
