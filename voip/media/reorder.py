"""Brings reordered packets back in order within a small window, and drops duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voip.media.packets import AudioPacket

_WRAP = 1 << 16
_HALF = 1 << 15


class Reorder:
    """A stream of packets in the order of their sequence numbers.

    A packet that is missing holds the others back until `WINDOW` of them wait, or until they
    are `PATIENCE` old; then it is given up. A packet that comes later than that is dropped, for
    its place is written already.
    """

    WINDOW = 15
    PATIENCE = 0.3
    """Seconds. With the writer's pace it adds up to less than what a crash may cost."""
    RESTART = 3000
    """Numbers ahead that make it a new stream rather than a loss (RFC 3550 A.1, MAX_DROPOUT)."""
    MISORDER = 100
    """Numbers behind up to which it is a late packet (RFC 3550 A.1, MAX_MISORDER)."""

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._expected = 0
        self._waiting: dict[int, AudioPacket] = {}

    def add(self, packet: AudioPacket) -> Iterable[AudioPacket]:
        """Take one packet; gives those that are in order now, to be gone through at once."""
        if (
            packet.sequence == self._expected and packet.ssrc == self._ssrc and not self._waiting
        ):  # nearly all of them
            self._expected = (packet.sequence + 1) % _WRAP
            return (packet,)
        return self._out_of_order(packet)

    def _out_of_order(self, packet: AudioPacket) -> Iterator[AudioPacket]:
        ahead = (packet.sequence - self._expected + _HALF) % _WRAP - _HALF
        if packet.ssrc != self._ssrc or ahead >= self.RESTART or ahead < -self.MISORDER:
            yield from self.flush()
            self._ssrc, self._expected, ahead = packet.ssrc, packet.sequence, 0
        if ahead < 0 or packet.sequence in self._waiting:
            return
        if ahead == 0 and not self._waiting:
            self._expected = (packet.sequence + 1) % _WRAP
            yield packet
            return
        self._waiting[packet.sequence] = packet
        yield from self._in_order()
        while len(self._waiting) > self.WINDOW:
            yield from self._skip()

    def expire(self, now: float) -> Iterator[AudioPacket]:
        """Give up what is missing for longer than `PATIENCE`; `now` is on the arrivals' clock."""
        while self._waiting and self._oldest() <= now - self.PATIENCE:
            yield from self._skip()

    def flush(self) -> Iterator[AudioPacket]:
        """Everything that still waits, in order."""
        while self._waiting:
            yield from self._skip()

    def _oldest(self) -> float:
        return min(packet.arrival for packet in self._waiting.values())

    def _skip(self) -> Iterator[AudioPacket]:
        self._expected = min(self._waiting, key=lambda number: (number - self._expected) % _WRAP)
        yield from self._in_order()

    def _in_order(self) -> Iterator[AudioPacket]:
        while packet := self._waiting.pop(self._expected, None):
            self._expected = (self._expected + 1) % _WRAP
            yield packet
