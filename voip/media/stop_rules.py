"""When a recording ends by itself."""

from __future__ import annotations

from voip.media.events import RecordingEnd
from voip.media.packets import AudioPacket
from voip.media.silence import LevelMeter, Voice
from voip.media.speech_check import SpeechCheck
from voip.media.speech_model import SpeechModels, models


class StopRules:
    """Ends a recording after a time, or when nobody speaks any more.

    Silence counts from the last word. Somebody who has not said a word yet gets at least
    `PATIENCE`, because people think before they speak to a machine; and one who never does is
    not kept for ever. A sender that stops sending is silent. Noise is silence too, where there is
    the model that knows it (`speech_check`); without it, what stands out is a word.
    """

    PATIENCE = 10.0

    def __init__(
        self,
        began: float,
        *,
        until_silence: float | None = None,
        max_seconds: float | None = None,
        models: SpeechModels = models,
    ) -> None:
        """Seconds; `began` is on the clock of the packets' arrivals. None: no such rule.

        Raises ValueError for a rule of no length.
        """
        for name, limit in (("until_silence", until_silence), ("max_seconds", max_seconds)):
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be more than 0 seconds, not {limit}")
        self._began = began
        self._until_silence = until_silence
        self._max_seconds = max_seconds
        self._last_word: float | None = None
        self._meter = LevelMeter()
        self._voice = Voice()
        self._check = SpeechCheck(models)
        self._loud = False

    def hear(self, packet: AudioPacket) -> None:
        if self._until_silence is None:
            return  # levels may cost decoding, so only where somebody wants to know
        level = self._meter.level(packet)
        if level is not None:
            self._loud = self._voice.hear(level, packet.arrival)
        if self._check.hear(packet, loud=self._loud):
            self._last_word = packet.arrival

    def close(self) -> None:
        """No packet follows."""
        self._check.close()

    def verdict(self, now: float) -> RecordingEnd | None:
        """Why the recording is to end now, if it is."""
        if self._max_seconds is not None and now - self._began >= self._max_seconds:
            return RecordingEnd.MAX_SECONDS
        if self._until_silence is None:
            return None
        if self._last_word is None:
            silent, limit = now - self._began, max(self._until_silence, self.PATIENCE)
        else:
            silent, limit = now - self._last_word, self._until_silence
        return RecordingEnd.SILENCE if silent >= limit else None
