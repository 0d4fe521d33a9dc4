"""What one side of a call hears: packets in, 20 ms of samples out, whatever the network does."""

from __future__ import annotations

import numpy as np

from voip.media import opus
from voip.media.decisions import Conceal, Counts, NothingYet, Pace, Play, Recover, Silence
from voip.media.jitter_buffer import JitterBuffer
from voip.media.libopus import Decoder, OpusError, Rate, Samples
from voip.media.packets import AudioPacket
from voip.media.silence import Voice, dbov
from voip.media.stretch import faded, longer, shorter


class Hearing:
    """A jitter buffer and a decoder, mono. It reads no clock."""

    FRAME = 0.02
    """Seconds of what `frame` gives."""

    def __init__(self, rate: Rate = 48_000, buffer: JitterBuffer | None = None) -> None:
        """Raises OpusUnavailable, and OpusError for another rate."""
        self._buffer = buffer or JitterBuffer()
        self._decoder = Decoder(rate)
        self._rate = rate
        self._size = round(rate * self.FRAME)
        self._ready: Samples = np.empty(0, np.int16)
        """Decoded, and not given yet: less than a frame between two calls of `frame`, or what is
        left of a longer packet."""
        self._left_out: Samples | None = None
        """What the next samples are faded in from."""
        self._voice = Voice()
        self._quiet = True
        self._ssrc: int | None = None

    @property
    def counts(self) -> Counts:
        return self._buffer.counts

    @property
    def pending(self) -> bool:
        """More came than was given yet."""
        return self._buffer.waiting > 0 or len(self._ready) >= self._size

    def add(self, packet: AudioPacket) -> None:
        """Take a packet as it arrives. Never raises."""
        self._buffer.add(packet)

    def frame(self, at: float) -> Samples | None:
        """The 20 ms that are heard from `at` on, seconds of the arrivals' clock; None before
        the first packet is due. To be called every 20 ms. Never raises."""
        parts, length = [self._ready], len(self._ready)
        while length < self._size:
            part = self._next(at + length / self._rate)
            if part is None:
                return None
            parts.append(part)
            length += len(part)
        joined = np.concatenate(parts)
        self._ready = joined[self._size :]
        return joined[: self._size]

    def _next(self, at: float) -> Samples | None:
        match self._buffer.decide(at, quiet=self._quiet):
            case NothingYet():
                return None
            case Play(packet, pace):
                return self._fade_in(self._play(packet, pace, at))
            case Recover(following, samples):
                return self._fade_in(self._recover(following, samples))
            case Conceal(samples):
                return self._fade_in(self._decoder.conceal(samples))
            case Silence(samples):
                self._quiet = True
                return self._fade_in(np.zeros(samples * self._rate // opus.SAMPLE_RATE, np.int16))

    def _play(self, packet: AudioPacket, pace: Pace, at: float) -> Samples:
        if packet.ssrc != self._ssrc:  # another stream, of another encoder
            self._decoder.reset()
            self._ssrc = packet.ssrc
        try:
            samples = self._decoder.decode(packet.payload)
        except OpusError:  # looks like Opus from outside only
            samples = self._decoder.conceal(opus.samples(packet.payload))
        self._quiet = not self._voice.hear(dbov(samples), at)
        match pace:
            case Pace.SHORTER:
                return shorter(samples, self._rate)
            case Pace.LONGER:
                return longer(samples, self._rate)
            case Pace.LEFT_OUT:
                self._left_out = samples
                return samples[:0]
            case Pace.AS_IT_IS:
                return samples

    def _recover(self, following: AudioPacket, samples: int) -> Samples:
        try:
            return self._decoder.recover(following.payload, samples)
        except OpusError:
            return self._decoder.conceal(samples)

    def _fade_in(self, samples: Samples) -> Samples:
        """After something was left out: from that into what is heard instead."""
        if self._left_out is None or not len(samples):
            return samples
        length = min(len(self._left_out), len(samples))
        blend = faded(self._left_out[:length], samples[:length])
        self._left_out = None
        return np.concatenate([blend, samples[length:]])
