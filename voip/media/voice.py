"""When somebody begins to speak and when they are done.

Pure: how likely each moment is speech comes in, with its times, and two events go out. Speech
begins where it is likely for `SHORTEST` in a row, so that a click or a cough is none, and it is
over when it has been unlikely for as long as the rules ask. In between, a doubtful moment counts
for what was before it (hysteresis): a voice that fades is not cut, a noise that swells begins
nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from voip.signalling.record import Record


class SpeechRules(Record):
    """What one utterance is. Seconds; raises ValueError for a limit of 0 or less."""

    silence: float = 0.8
    """Of so much silence an utterance is over."""
    max_seconds: float = 30.0
    """One that is longer is cut, and what follows is the next."""

    def __post_init__(self) -> None:
        for name, limit in (("silence", self.silence), ("max_seconds", self.max_seconds)):
            if not limit > 0:
                raise ValueError(f"{name} must be more than 0 seconds, not {limit}")


class SpeechBegan(Record):
    """Somebody speaks; it is said `SHORTEST` after their first sound."""

    at: float
    """When that sound was heard."""


class SpeechEnded(Record):
    """They are done; it is said once the silence has lasted."""

    at: float
    """When the last word ended."""


SpeechEvent: TypeAlias = SpeechBegan | SpeechEnded


class State(Enum):
    QUIET = "quiet"
    RISING = "perhaps the beginning of speech"
    SPEAKING = "speaking, or pausing between two words"


class Endpointer:
    """One voice. All times are of one clock, in seconds, and never decrease."""

    LIKELY = 0.5
    """From here on a moment is speech, where nobody spoke before."""
    UNLIKELY = 0.35
    """Below this a moment is none, where somebody spoke before."""
    SHORTEST = 0.12

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._began = 0.0
        self._last_word = 0.0
        self.state = State.QUIET

    def hear(self, speech: float, begin: float, end: float) -> SpeechEvent | None:
        """What lies between `begin` and `end` is speech with a likelihood of `speech`, 0 to 1."""
        match self.state:
            case State.QUIET:
                if speech < self.LIKELY:
                    return None
                self.state, self._began = State.RISING, begin
                return self._rise(end)
            case State.RISING:
                if speech >= self.LIKELY:
                    return self._rise(end)
                self.state = State.QUIET
                return None
            case State.SPEAKING:
                if speech >= self.UNLIKELY:
                    self._last_word = end
                    return None
                return self._pause(end)

    def _rise(self, end: float) -> SpeechBegan | None:
        if end - self._began < self.SHORTEST:
            return None
        self.state, self._last_word = State.SPEAKING, end
        return SpeechBegan(self._began)

    def _pause(self, end: float) -> SpeechEnded | None:
        if end - self._last_word < self._silence:
            return None
        self.state = State.QUIET
        return SpeechEnded(self._last_word)
