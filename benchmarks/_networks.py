"""Real Opus packets through a network that loses and delays them, on a virtual clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import cycle, islice

import av
import numpy as np
from aiortc.codecs.opus import OpusDecoder
from aiortc.jitterbuffer import JitterBuffer as StockJitterBuffer
from aiortc.rtp import RtpPacket

from voip.media import opus
from voip.media.clips import encode
from voip.media.decisions import Decision, Pace, Play
from voip.media.hearing import Hearing
from voip.media.jitter_buffer import JitterBuffer
from voip.media.packets import AudioPacket
from voip.media.sounds import Speech
from voip.media.speech import say

PACKET = 0.02
TRANSIT = 0.05
"""Seconds, of the fastest packet."""
SENTENCE = (
    "Hello, this is a message for the maintenance team. The second pump is leaking again, "
    "and somebody should look at it before the weekend."
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One packet, and what became of it; `arrival` None: lost."""

    payload: bytes
    at: float
    arrival: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out: for each packet that was played, the seconds from its sending to its sound."""

    delays: dict[int, float]
    recovered: float = 0.0
    """Seconds that came from the copy in the next packet."""

    def lost(self, packets: int) -> float:
        """Per cent of the first so many packets."""
        played = sum(number < packets for number in self.delays) + self.recovered / PACKET
        return 100 * (1 - played / packets)

    def delay(self, begin: float, end: float) -> float:
        """The mean of what was sent in between, in milliseconds."""
        within = [delay for number, delay in self.delays.items() if begin <= number * PACKET < end]
        return 1000 * sum(within) / len(within)


@cache
def speech() -> tuple[bytes, ...]:
    return encode(Speech(SENTENCE))


@cache
def speech_with_fec() -> tuple[bytes, ...]:
    """As a browser sends it once it hears of losses (RFC 7587 §3.1.2)."""
    pcm, rate = say(SENTENCE)
    times = np.arange(0, len(pcm) / rate, 1 / opus.SAMPLE_RATE)
    samples = np.interp(times, np.arange(len(pcm)) / rate, pcm).astype(np.int16)
    codec = av.AudioCodecContext.create("libopus", "w")
    codec.bit_rate, codec.format, codec.layout = 32_000, "s16", "mono"
    codec.sample_rate, codec.time_base = opus.SAMPLE_RATE, Fraction(1, opus.SAMPLE_RATE)
    codec.options = {"application": "voip", "fec": "1", "packet_loss": "10"}
    packets = []
    for begin in range(0, len(samples) - opus.FRAME, opus.FRAME):
        part = samples[begin : begin + opus.FRAME].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.pts = opus.SAMPLE_RATE, begin
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(packets)


def send(
    payloads: Sequence[bytes], seconds: float, fate: Callable[[int], float | None]
) -> list[Sent]:
    """The payloads again and again; `fate` gives each packet's delay beyond `TRANSIT`, or None."""
    sent = []
    for number, payload in enumerate(islice(cycle(payloads), round(seconds / PACKET))):
        late = fate(number)
        at = number * PACKET
        sent.append(Sent(payload, at, None if late is None else at + TRANSIT + late))
    return sent


def losing(share: float, *, jitter: float = 0.0, seed: int = 1) -> Callable[[int], float | None]:
    """A random share is lost; the delay of the others is exponentially distributed."""
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def fate(number: int) -> float | None:
        late = dice.expovariate(1 / jitter) if jitter else 0.0
        return None if dice.random() < share else late

    return fate


def burst(begin: float, length: float, *, late: bool) -> Callable[[int], float | None]:
    """What is sent in these seconds is lost, or arrives at their end."""

    def fate(number: int) -> float | None:
        at = number * PACKET
        if not begin <= at < begin + length:
            return 0.0
        return begin + length - at if late else None

    return fate


class Watched(JitterBuffer):
    """Keeps when each packet was played."""

    def __init__(self) -> None:
        super().__init__()
        self.played: dict[int, float] = {}

    def decide(self, at: float, *, quiet: bool) -> Decision:
        decision = super().decide(at, quiet=quiet)
        if isinstance(decision, Play) and decision.pace is not Pace.LEFT_OUT:
            self.played[decision.packet.sequence] = at
        return decision


def hear(sent: Sequence[Sent]) -> Heard:
    """By our jitter buffer and decoder; sequence numbers do not wrap here."""
    buffer = Watched()
    hearing = Hearing(buffer=buffer)
    arriving = _arriving(sent)
    coming = next(arriving, None)
    # Half a packet beside the arrivals, as a clock of one's own is.
    for tick in range(len(sent) + 100):
        now = tick * PACKET + PACKET / 2
        while coming is not None and coming[0] <= now:
            arrival, number = coming
            timestamp = number * opus.FRAME
            hearing.add(AudioPacket(sent[number].payload, number, timestamp, 1, arrival, None))
            coming = next(arriving, None)
        hearing.frame(now)
    delays = {number: at - sent[number].at for number, at in buffer.played.items()}
    return Heard(delays, hearing.counts.recovered / opus.SAMPLE_RATE)


def hear_stock(sent: Sequence[Sent]) -> Heard:
    """By aiortc's, as RTCRtpReceiver has them, for somebody who plays what comes out."""
    buffer, decoder = StockJitterBuffer(capacity=16, prefetch=4), OpusDecoder()
    free = 0.0
    delays: dict[int, float] = {}
    for arrival, number in _arriving(sent):
        packet = RtpPacket(sequence_number=number, timestamp=number * opus.FRAME, ssrc=1)
        packet._data = sent[number].payload  # type: ignore[attr-defined]
        _, frame = buffer.add(packet)
        if frame is not None:
            decoder.decode(frame)
            begins = max(free, arrival)
            free = begins + PACKET
            played = frame.timestamp // opus.FRAME
            delays[played] = begins - sent[played].at
    return Heard(delays)


def _arriving(sent: Sequence[Sent]) -> Iterator[tuple[float, int]]:
    yield from sorted(
        (one.arrival, number) for number, one in enumerate(sent) if one.arrival is not None
    )
