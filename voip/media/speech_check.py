"""Whether what is loud is somebody who speaks, asked of the model as seldom as possible.

Where nobody speaks for seconds matters, a moment does not: a yes of the model holds for `TRUST`
seconds, in which loudness is believed. So it hears a fraction of speech, nothing of silence, and
all of the noise that goes on and on.
"""

from __future__ import annotations

import numpy as np

from voip.media.libopus import Decoder, OpusError, OpusUnavailable, Samples
from voip.media.packets import AudioPacket
from voip.media.speech_model import SpeechModel, SpeechModels
from voip.media.voice import Endpointer, SpeechBegan


class SpeechCheck:
    """Reads no clock; for one thread at a time. Without a model loudness is believed always."""

    TRUST = 2.0
    """Seconds."""
    REST = 0.5
    """Seconds without anything loud after which the model is given back."""

    def __init__(self, models: SpeechModels) -> None:
        self._models = models
        self._look: _Look | None = None
        self._trusted_until = float("-inf")
        self._last_loud = float("-inf")
        self.decoded = 0
        """Packets that were decoded to be judged, for measurements."""

    def hear(self, packet: AudioPacket, *, loud: bool) -> bool:
        """Take every packet; True where somebody speaks."""
        if loud:
            self._last_loud = packet.arrival
        if self._look is None:
            if not loud or packet.arrival < self._trusted_until:
                return loud
            self._look = self._begin()
            if self._look is None:
                return True
        self.decoded += 1
        if self._look.hear(packet):
            self._trusted_until = packet.arrival + self.TRUST
            self.close()
            return True
        if packet.arrival - self._last_loud > self.REST:
            self.close()
        return False

    def close(self) -> None:
        """Give back what is lent."""
        if self._look is not None:
            self._models.take_back(self._look.model)
            self._look = None

    def _begin(self) -> _Look | None:
        model = self._models.lend()
        if model is None:
            return None
        try:
            return _Look(model)
        except OpusUnavailable:
            self._models.take_back(model)
            return None


class _Look:
    """Packets in the order of their arrival, until the model says that this is speech."""

    def __init__(self, model: SpeechModel) -> None:
        """Raises OpusUnavailable."""
        self.model = model
        self._decoder = Decoder(model.RATE)
        self._endpointer = Endpointer(silence=float("inf"))
        self._left: Samples = np.empty(0, np.int16)
        self._heard = 0

    def hear(self, packet: AudioPacket) -> bool:
        try:
            decoded = self._decoder.decode(packet.payload)
        except OpusError:
            return False
        self._left = np.concatenate([self._left, decoded])
        found = False
        while len(self._left) >= self.model.SAMPLES:
            block, self._left = self._left[: self.model.SAMPLES], self._left[self.model.SAMPLES :]
            found |= self._judge(block)
        return found

    def _judge(self, block: Samples) -> bool:
        begin = self._heard / self.model.RATE
        self._heard += len(block)
        speech = self.model.likelihood(block)
        event = self._endpointer.hear(speech, begin, self._heard / self.model.RATE)
        return isinstance(event, SpeechBegan)
