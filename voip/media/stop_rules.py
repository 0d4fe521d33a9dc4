"""When a recording ends by itself."""

from __future__ import annotations

from voip.media.events import RecordingEnd
from voip.media.packets import AudioPacket
from voip.media.silence import LevelMeter, Voice


class StopRules:
    """Ends a recording after a time, or when nobody speaks any more.

    Silence counts from the last word. Somebody who has not said a word yet gets at least
    `PATIENCE`, because people think before they speak to a machine; and one who never does is
    not kept for ever. A sender that stops sending is silent.
    """

    PATIENCE = 10.0

    def __init__(
        self, began: float, *, until_silence: float | None = None, max_seconds: float | None = None
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

    def hear(self, packet: AudioPacket) -> None:
        if self._until_silence is None:
            return  # levels may cost decoding, so only where somebody wants to know
        level = self._meter.level(packet)
        if level is not None and self._voice.hear(level, packet.arrival):
            self._last_word = packet.arrival

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
