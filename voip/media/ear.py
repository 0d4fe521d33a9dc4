"""Listens for speech in one call, as cheaply as it can.

Three stages, each of which wakes the next one. The loudness in the packets' headers (RFC 6464)
says when there may be speech; where a sender does not say it, two packets in five are decoded to
measure one. Only then all are decoded, from `BEFORE` back, and the model judges them. While nobody
speaks nothing is decoded, and the model is somebody else's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from voip.media.hearing import Hearing
from voip.media.libopus import Samples
from voip.media.packets import AudioPacket
from voip.media.silence import LevelMeter, Voice, dbov
from voip.media.speech_model import SpeechModel, SpeechModels
from voip.media.utterance import BLOCK, RATE, Block


class Ear:
    """Packets in, blocks out. It reads no clock, and belongs to one thread at a time."""

    BEFORE = 0.5
    """Seconds that are heard from before it woke: the beginning of the first word."""
    BEFORE_MEASURED = 1.0
    """The same where loudness is measured now and then, and so noticed later."""
    REST = 0.6
    """Seconds without anything loud after which it sleeps."""

    def __init__(self, models: SpeechModels) -> None:
        self._models = models
        self._meter = LevelMeter(cycle=5)
        self._voice = Voice()
        self._last_loud = float("-inf")
        self._recent: deque[AudioPacket] = deque()
        """Of the last `BEFORE_MEASURED` seconds."""
        self._at = float("-inf")
        """What was before is heard, or slept through."""
        self._hearing: Hearing | None = None
        """None while it sleeps."""
        self._model: SpeechModel | None = None
        self._left: Samples = np.empty(0, np.int16)
        """Decoded, and less than a block."""
        self.decoded = 0
        """Packets that were decoded to be judged, for measurements."""

    @property
    def awake(self) -> bool:
        return self._hearing is not None

    def hear(self, packets: Iterable[AudioPacket], now: float) -> Iterator[Block]:
        """What arrived until `now`, in its order, as blocks; none while it sleeps.

        Raises OpusUnavailable.
        """
        for packet in packets:
            yield from self._advance(packet.arrival)
            self._remember(packet)
            if self._hearing is not None:
                self._add(self._hearing, packet)
            elif self._is_loud(packet):
                yield from self._wake()
        yield from self._advance(now)

    def close(self) -> None:
        """Give back what is lent."""
        self._hearing = None
        self._left = self._left[:0]
        if self._model is not None:
            self._models.take_back(self._model)
            self._model = None

    def _remember(self, packet: AudioPacket) -> None:
        self._recent.append(packet)
        while self._recent[0].arrival < packet.arrival - self.BEFORE_MEASURED:
            self._recent.popleft()

    def _is_loud(self, packet: AudioPacket) -> bool:
        """One packet is enough to wake up: whether that was speech is judged then."""
        level = self._meter.level(packet)
        if level is None:
            return False
        self._voice.hear(level, packet.arrival)
        if self._voice.loud:
            self._last_loud = packet.arrival
        return self._voice.loud

    def _wake(self) -> Iterator[Block]:
        hearing = self._hearing = Hearing(RATE)
        self._model = self._models.lend()
        newest = self._recent[-1]
        back = self.BEFORE_MEASURED if newest.level is None else self.BEFORE
        begin = max(self._at, newest.arrival - back)
        again = [packet for packet in self._recent if packet.arrival >= begin]
        self._at = again[0].arrival
        for packet in again:
            yield from self._advance(packet.arrival)
            self._add(hearing, packet)

    def _add(self, hearing: Hearing, packet: AudioPacket) -> None:
        hearing.add(packet)
        self.decoded += 1

    def _advance(self, until: float) -> Iterator[Block]:
        """Give what is heard until then, and fall asleep where nobody speaks."""
        while self._hearing is not None and self._at + Hearing.FRAME <= until:
            frame = self._hearing.frame(self._at)
            self._at += Hearing.FRAME
            if frame is not None:
                self._left = np.concatenate([self._left, frame])
            if len(self._left) >= BLOCK:
                yield self._block()
            if self._at - self._last_loud > self.REST:
                self.close()

    def _block(self) -> Block:
        at = self._at - len(self._left) / RATE
        samples, self._left = self._left[:BLOCK], self._left[BLOCK:]
        spoken = self._voice.hear(dbov(samples), at)
        if self._voice.loud:
            self._last_loud = max(at, self._last_loud)
        speech = float(spoken) if self._model is None else self._model.likelihood(samples)
        return Block(samples, speech, at)
