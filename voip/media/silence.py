"""Is somebody speaking? Judged by the loudness of each packet, without decoding where possible.

Most senders say how loud a packet is in its RTP header (RFC 6464). Where one does not, a few
packets are decoded: two in ten, one to warm the decoder up and one to measure, 11 µs a packet
on average, in the writer's thread. Packet sizes are no substitute: with real speech
through libopus, constant bit rate makes them all equal, and with noise at −45 dBov a pause is 71
bytes where speech is 80, while the level measured on two packets in ten is within 1 dB of the
level measured on all.
"""

from __future__ import annotations

import math
from collections import deque

import av
import numpy as np

from voip.media import opus
from voip.media.packets import AudioPacket

QUIETEST = 127
"""−dBov of digital silence (RFC 6464 §3)."""


class LevelMeter:
    """The level of a packet as −dBov, from its header or by decoding it."""

    CYCLE = 10
    """Of so many packets without a level, the first two are decoded."""

    def __init__(self, cycle: int = CYCLE) -> None:
        self._cycle = cycle
        self._count = 0
        self._decoder: av.AudioCodecContext | None = None

    def level(self, packet: AudioPacket) -> int | None:
        """0 (loudest) to 127, or None where this packet is not looked at."""
        if packet.level is not None:
            return packet.level
        if len(packet.payload) <= 2:
            return QUIETEST  # a DTX packet: the sender itself has judged (RFC 7587 §3.1.3)
        turn = self._count % self._cycle
        self._count += 1
        if turn > 1 or not opus.samples(packet.payload):
            return None
        measured = self._decode(packet.payload)
        return measured if turn == 1 else None

    def _decode(self, payload: bytes) -> int | None:
        if self._decoder is None:
            self._decoder = av.AudioCodecContext.create("libopus", "r")
            self._decoder.format, self._decoder.layout = "s16", "mono"
            self._decoder.sample_rate = opus.SAMPLE_RATE
        try:
            frames = self._decoder.decode(av.Packet(payload))
        except av.FFmpegError:
            return None
        samples = [frame.to_ndarray().ravel() for frame in frames]
        return dbov(np.concatenate(samples)) if samples else None


def dbov(samples: np.ndarray) -> int:
    """Loudness of 16-bit samples as −dBov, 0 to 127 (RFC 6464 §3)."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) / 32768**2
    return QUIETEST if power <= 0 else min(QUIETEST, max(0, round(-10 * math.log10(power))))


class Voice:
    """Tells voice from background by a threshold that follows the background.

    The background is the quietest that was heard lately, for speech has pauses. Voice is what
    stands out from it by `STANDS_OUT`, for a few packets rather than a click's one.
    """

    STANDS_OUT = 10
    """Decibels."""
    FAINTEST = 60
    """−dBov: nothing fainter is voice, however quiet the background."""
    LOUD = 35
    """−dBov: anything louder is voice, however loud the background seems (somebody who speaks
    without a pause, or music on hold)."""
    MEMORY = 5.0
    """Seconds over which the background is sought."""

    def __init__(self) -> None:
        self._parts: deque[tuple[int, int]] = deque()
        """(half second since the clock's zero, quietest level in it)."""
        self._recent: deque[bool] = deque(maxlen=10)
        self.loud = False
        """The last packet alone stood out."""

    def hear(self, level: int, arrival: float) -> bool:
        """Take the level of one packet; True while somebody speaks."""
        self._remember(level, int(arrival * 2))
        background = max(quietest for _, quietest in self._parts)
        threshold = min(max(background - self.STANDS_OUT, self.LOUD), self.FAINTEST)
        self.loud = level <= threshold
        self._recent.append(self.loud)
        return sum(self._recent) >= 3 and self.loud

    def _remember(self, level: int, part: int) -> None:
        if self._parts and self._parts[-1][0] >= part:
            number, quietest = self._parts[-1]
            self._parts[-1] = number, max(quietest, level)
        else:
            self._parts.append((part, level))
        while self._parts[0][0] < part - 2 * self.MEMORY:
            self._parts.popleft()
