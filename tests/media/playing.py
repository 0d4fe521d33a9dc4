"""Plays packets through a jitter buffer on a virtual clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from voip.media import opus
from voip.media.decisions import (
    Conceal,
    Decision,
    NothingYet,
    Pace,
    Play,
    Recover,
    Silence,
)
from voip.media.jitter_buffer import JitterBuffer
from voip.media.packets import AudioPacket

TICK = 0.02
STRETCH = {Pace.AS_IT_IS: 0.0, Pace.SHORTER: -0.007, Pace.LONGER: 0.007}
"""Seconds: what a decoder would make of it, more or less."""


def late(packets: Sequence[AudioPacket], *delays: float) -> list[AudioPacket]:
    """The packets with these delays (0 for the rest), as they would arrive."""
    more = [*delays, *[0.0] * (len(packets) - len(delays))]
    moved = [
        replace(packet, arrival=packet.arrival + delay)
        for packet, delay in zip(packets, more, strict=True)
    ]
    return sorted(moved, key=lambda packet: packet.arrival)


def without(packets: Sequence[AudioPacket], *lost: int) -> list[AudioPacket]:
    """Without those at these places."""
    return [packet for place, packet in enumerate(packets) if place not in lost]


@dataclass
class Listener:
    """Takes sound every 20 ms, and keeps what was decided when."""

    buffer: JitterBuffer = field(default_factory=JitterBuffer)
    quiet: bool = False
    decided: list[tuple[float, Decision]] = field(default_factory=list)
    heard_until: float | None = None
    """Where the sound that was decided ends."""
    next_tick: float = 0.0

    def listen(self, packets: Sequence[AudioPacket], rest: float = 0.0) -> Listener:
        """To all packets, and for `rest` seconds more; the ticks lie between the arrivals."""
        waiting = list(packets)
        tick = packets[0].arrival + TICK / 2 if self.heard_until is None else self.next_tick
        until = max(packet.arrival for packet in packets) + rest
        while tick < until + TICK:
            while waiting and waiting[0].arrival <= tick:
                self.buffer.add(waiting.pop(0))
            self._tick(tick)
            tick += TICK
        self.next_tick = tick
        return self

    def _tick(self, tick: float) -> None:
        at = max(tick, self.heard_until or 0.0)
        while at < tick + TICK - 1e-9:
            decision = self.buffer.decide(at, quiet=self.quiet)
            self.decided.append((at, decision))
            at += TICK if isinstance(decision, NothingYet) else length(decision)
        self.heard_until = at

    def played(self) -> list[int]:
        """Sequence numbers."""
        return [play.packet.sequence for _, play in self.plays()]

    def plays(self) -> list[tuple[float, Play]]:
        return [(at, one) for at, one in self.decided if isinstance(one, Play)]

    def delays(self) -> dict[int, float]:
        """Seconds from each packet's arrival to its sound, by sequence number."""
        return {play.packet.sequence: at - play.packet.arrival for at, play in self.plays()}

    def of(self, kind: type[Decision]) -> list[Decision]:
        return [one for _, one in self.decided if isinstance(one, kind)]

    def samples(self, kind: type[Conceal] | type[Silence] | type[Recover]) -> int:
        return sum(one.samples for _, one in self.decided if isinstance(one, kind))


def length(decision: Decision) -> float:
    """Seconds that it can be heard for."""
    match decision:
        case Play(packet, pace):
            if pace is Pace.LEFT_OUT:
                return 0.0
            return max(opus.samples(packet.payload) / opus.SAMPLE_RATE + STRETCH[pace], 0.001)
        case Recover(_, samples) | Conceal(samples) | Silence(samples):
            return samples / opus.SAMPLE_RATE
        case NothingYet():
            return 0.0
