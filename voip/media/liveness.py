"""Whether the other side is still there: the rules, on a clock that is handed in. Pure.

Everything that comes is a sign of life: media, reports, its connectivity checks, answers to ours.
Nothing for a second is nothing yet (it may be on hold, or muted): it is asked then, twice a
second, and a side that lives answers within a round trip, whatever it sends else. No answer for
some seconds is an interruption, in which a new path may be looked for; for longer, the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

SLEPT: Final = 2.0
"""Seconds between two looks after which this process was not running: what came meanwhile has not
been read yet, so that time does not count."""


class News(Enum):
    CHECK = "ask the other side whether it is there"
    INTERRUPTED = "nothing comes any more, and nothing is answered"
    SILENT = "it answers, and yet its sound has stopped"
    RESUMED = "it is there again"
    GONE = "it is given up"


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds."""

    check_after: float = 1.0
    interrupted_after: float = 3.0
    silent_after: float = 6.0
    """Of a side that answers; one that has nothing to say may send a packet a second."""
    gone_after: float = 12.0
    """Since the last sign of life, and since a new path was last agreed on."""


class Seen(NamedTuple):
    """Counted since the beginning."""

    arrivals: int
    """Whatever came."""
    audio: int
    """Packets of sound."""
    restarts: int
    """Searches for a new path that both sides agreed on: it lives, though it is not heard yet."""
    audio_expected: bool
    """By what was agreed and said it sends sound: no hold, not muted."""


class _State(Enum):
    WELL = "well"
    SILENT = "silent"
    LOST = "lost"


class Liveness:
    def __init__(self, patience: Patience, now: float) -> None:
        self._patience = patience
        self._state = _State.WELL
        self._seen = Seen(0, 0, 0, False)
        self._looked = self._heard = self._listened = self._agreed = now
        """When it was last looked, and when last something came, sound came, a path was agreed."""

    def look(self, now: float, seen: Seen) -> tuple[News, ...]:
        """To be called every half a second or so, until it says GONE."""
        self._note(now, seen)
        quiet = now - self._heard
        if min(quiet, now - self._agreed) >= self._patience.gone_after:
            return (News.GONE,)
        news = self._become(self._state_at(now))
        return (*news, News.CHECK) if quiet >= self._patience.check_after else news

    def _note(self, now: float, seen: Seen) -> None:
        if (slept := now - self._looked) > SLEPT:
            self._heard += slept
            self._listened += slept
            self._agreed += slept
        before, self._seen, self._looked = self._seen, seen, now
        if seen.arrivals != before.arrivals:
            self._heard = now
        if seen.restarts != before.restarts:
            self._agreed = now
        # Sound that never came has not stopped.
        if seen.audio != before.audio or not seen.audio or not seen.audio_expected:
            self._listened = now

    def _state_at(self, now: float) -> _State:
        if now - self._heard >= self._patience.interrupted_after:
            return _State.LOST
        if now - self._listened >= self._patience.silent_after:
            return _State.SILENT
        return _State.WELL

    def _become(self, state: _State) -> tuple[News, ...]:
        before, self._state = self._state, state
        if state is before:
            return ()
        if state is _State.LOST:
            return (News.INTERRUPTED,)
        if state is _State.WELL:
            return (News.RESUMED,)
        # Back from LOST its answers come first, and its sound a moment later.
        return (News.SILENT,) if before is _State.WELL else ()
