"""Plays packets in right time: what comes next, each time that somebody needs sound.

Pure: times come in, decisions go out. `add` takes each packet as it arrives; `decide` says what to
hear next, and nothing is ever heard twice or out of order. What happens where the next packet is
not there depends on why:

- A later one is there, and numbers are missing in between: lost. It is recovered from the copy in
  the packet after it, or concealed.
- A later one is there, no number is missing, only time: the sender was silent (RFC 7587 §3.1.3,
  discontinuous transmission). The wait for the later one is silence, and the moment to put
  the delay right without anybody noticing.
- Nothing is there: late or lost, nobody knows yet. It is concealed, and the position stays where
  it is. If the packet comes after all it is played, and the delay has grown; if a later one
  comes, what was concealed meanwhile counts for the gap, and the delay is as before.

A delay that is longer than the jitter asks for is given back: packets are left out where it is
quiet, and shortened a little where somebody speaks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voip.media import opus
from voip.media.decisions import (
    Conceal,
    Counts,
    Decision,
    NothingYet,
    Pace,
    Play,
    Recover,
    Silence,
)
from voip.media.delay import Delay
from voip.media.numbering import Numbering
from voip.media.packets import AudioPacket


@dataclass(frozen=True, slots=True)
class _Waiting:
    packet: AudioPacket
    position: int
    samples: int

    @property
    def end(self) -> int:
        return self.position + self.samples


class JitterBuffer:
    """One call's received sound. All times are of one clock, in seconds."""

    CAPACITY = 150
    """Packets; 3 s of the usual 20 ms."""
    SLACK = 0.01
    """Seconds that the delay may differ from what is wanted."""
    EXCESS = 1.0
    """Seconds beyond the wanted delay at which packets are thrown away until it is as wanted."""
    GUESS = 5 * opus.FRAME
    """Samples in a row that are concealed: beyond 100 ms, a guess is noise."""
    STRETCH_EVERY = 3 * opus.FRAME
    """Samples of speech in which one packet is shortened or lengthened."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._numbering = Numbering()
        self._delay = Delay()
        self._waiting: dict[int, _Waiting] = {}
        self._next: int | None = None
        """Number of the packet to play next; None before anything is played."""
        self._position = 0
        """Where what was played ends."""
        self._instead = 0
        """Samples that were heard since, while nothing was there."""
        self._guessed = 0
        """Samples in a row that were concealed."""
        self._pausing = False
        """The last packet said that the sender goes silent."""
        self._since_stretch = 0
        self._played: deque[int] = deque(maxlen=64)
        """The numbers played last, to tell a copy from a late packet."""

    @property
    def wanted(self) -> float:
        """Seconds after the fastest packet's arrival at which a packet is to be heard."""
        return self._delay.wanted

    @property
    def waiting(self) -> int:
        """Packets that are still to be played."""
        return len(self._waiting)

    def add(self, packet: AudioPacket) -> None:
        """Take a packet as it arrives. Arrivals never decrease."""
        samples = opus.samples(packet.payload)
        if not samples:
            self.counts.refused += 1
            return
        place = self._numbering.place(packet, samples, self._delay.base(packet.arrival))
        number = place.number
        if number in self._waiting or number in self._played:
            self.counts.duplicates += 1
            return
        if place.timely:
            self._delay.measure(place.position, packet.arrival)
        if number - 1 not in self._waiting and number - 1 not in self._played:
            self._delay.missed(packet, samples)
        if self._next is not None and number < self._next:
            self.counts.late += 1
            return
        self._waiting[number] = _Waiting(packet, place.position, samples)
        if len(self._waiting) > self.CAPACITY:
            self._give_up(min(self._waiting))

    def decide(self, at: float, *, quiet: bool) -> Decision:
        """What is to be heard at `at`, which is when the last decision's sound ends.

        `quiet`: nobody speaks in what was heard last.
        """
        if self._next is None and not self._begin(at):
            return NothingYet()
        self._drop_excess(at)
        if not self._waiting:
            return self._without_anything()
        number = min(self._waiting)
        packet = self._waiting[number]
        missing = self._next is not None and number > self._next
        gap = packet.position - self._position - self._instead
        if self._is_silent or (gap >= opus.GRAIN and not missing):
            early = int(self._early(packet, at) * opus.SAMPLE_RATE)
            if early >= opus.GRAIN:
                return Silence(_whole(min(early, opus.FRAME)))
        elif gap >= opus.GRAIN and (recovered := self._recovered(packet, gap)):
            return recovered
        elif gap >= opus.GRAIN and self._early(packet, at) > 0:
            samples = _whole(min(gap, opus.FRAME))
            self._position += samples
            return self._conceal(samples)
        return self._play(number, at, quiet=quiet)

    def _begin(self, at: float) -> bool:
        if not self._waiting:
            return False
        first = min(self._waiting)
        if self._early(self._waiting[first], at) > 0:
            return False
        self._next, self._position = first, self._waiting[first].position
        return True

    def _without_anything(self) -> Decision:
        self._instead += opus.FRAME
        return Silence(opus.FRAME) if self._is_silent else self._conceal(opus.FRAME)

    def _recovered(self, following: _Waiting, gap: int) -> Recover | None:
        """The last packet that is missing before `following`, where that has a copy of it."""
        payload = following.packet.payload
        if not opus.frame(payload) <= gap <= following.samples or not opus.has_fec(payload):
            return None
        samples = _whole(gap)
        self._position += samples
        self.counts.recovered += samples
        return Recover(following.packet, samples)

    def _conceal(self, samples: int) -> Decision:
        self._guessed += samples
        self.counts.concealed += samples
        return Conceal(samples)

    def _play(self, number: int, at: float, *, quiet: bool) -> Decision:
        packet = self._waiting[number]
        pace = self._pace(packet, at, quiet=quiet)
        self._take(number)
        self._played.append(number)
        self._instead = self._guessed = 0
        self._pausing = opus.is_pause(packet.packet.payload)
        if pace is Pace.LEFT_OUT:
            self.counts.left_out += 1
        else:
            self.counts.played += 1
        return Play(packet.packet, pace)

    def _take(self, number: int) -> None:
        """Go on after this packet."""
        self._next = number + 1
        self._position = max(self._position, self._waiting.pop(number).end)

    def _give_up(self, number: int) -> None:
        self.counts.overdue += 1
        if self._next is None:
            del self._waiting[number]
        else:
            self._take(number)

    @property
    def _is_silent(self) -> bool:
        return self._pausing or self._guessed >= self.GUESS

    def _early(self, packet: _Waiting, at: float) -> float:
        """Seconds until a packet is due; negative where it is overdue."""
        return self._delay.due(packet.position) - at

    def _pace(self, packet: _Waiting, at: float, *, quiet: bool) -> Pace:
        """Whether the delay is as wanted."""
        early = self._early(packet, at)
        self._since_stretch += packet.samples
        if abs(early) < self.SLACK or (not quiet and self._since_stretch < self.STRETCH_EVERY):
            return Pace.AS_IT_IS
        if early < 0 and len(self._waiting) < 2:
            return Pace.AS_IT_IS  # with nothing behind it there is nothing to give back
        self._since_stretch = 0
        if early > 0:
            return Pace.LONGER
        leave_out = quiet and -early >= packet.samples / opus.SAMPLE_RATE
        return Pace.LEFT_OUT if leave_out else Pace.SHORTER

    def _drop_excess(self, at: float) -> None:
        """After a stall of seconds: what is too old to be worth hearing."""
        if not self._waiting or self._early(self._waiting[min(self._waiting)], at) > -self.EXCESS:
            return
        while len(self._waiting) > 1:
            first = min(self._waiting)
            if self._early(self._waiting[first], at) > 0:
                return
            self._give_up(first)


def _whole(samples: int) -> int:
    """Of 2.5 ms, the least that Opus has."""
    return samples - samples % opus.GRAIN
