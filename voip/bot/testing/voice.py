"""What the other side says in a test, and whoever listens to it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import Final

from voip.media.events import RecordingEnd
from voip.media.utterance import RATE, Utterance
from voip.media.voice import SpeechRules

PATIENCE: Final = 10.0
"""As `StopRules.PATIENCE`: who has not said a word yet gets so long."""
_EVER: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Span:
    """Speech without a pause. Seconds of the loop's clock; `ended` is None while it goes on."""

    began: float
    text: str
    ended: float | None = None


class Voice:
    """Of one caller. Everything that waits looks again at each change."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.over = False
        """The call has ended."""
        self._news = asyncio.Event()

    @property
    def speaking(self) -> bool:
        return bool(self.spans) and self.spans[-1].ended is None

    async def say(self, seconds: float, text: str) -> None:
        self.spans.append(Span(_now(), text))
        self._tell()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.spans[-1] = replace(self.spans[-1], ended=_now())
            self._tell()

    def end(self) -> None:
        self.over = True
        self._tell()

    async def change(self, until: float | None = None) -> None:
        """Wait until somebody begins or stops to speak, or for that time of the loop's clock."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._news.wait()

    async def began(self) -> float:
        while not self.speaking:
            await self.change()
        return self.spans[-1].began

    async def until_stopped(
        self, until_silence: float | None, max_seconds: float | None
    ) -> RecordingEnd:
        """When a recording that begins now ends by itself; see `StopRules`."""
        began = _now()
        longest = began + (_EVER if max_seconds is None else max_seconds)
        while not self.over:
            silent = self._silent_from(began, until_silence)
            if _now() >= min(longest, silent):
                return RecordingEnd.MAX_SECONDS if longest <= silent else RecordingEnd.SILENCE
            await self.change(min(longest, silent))
        return RecordingEnd.CALL_ENDED

    def _silent_from(self, began: float, until_silence: float | None) -> float:
        """When the silence will have lasted, if nobody speaks from now on."""
        if until_silence is None or self.speaking:
            return began + _EVER
        last = self.spans[-1].ended if self.spans else None
        if last is None or last < began:
            return began + max(until_silence, PATIENCE)
        return last + until_silence

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Reader:
    """Cuts what a voice says into utterances, from now on."""

    def __init__(self, voice: Voice, rules: SpeechRules) -> None:
        self._voice, self._rules = voice, rules
        self._from = _now()

    async def next(self) -> Utterance | None:
        """None where the call is over."""
        while True:
            found = self._found()
            if isinstance(found, Utterance):
                self._from = found.ended
                return found
            if self._voice.over:
                return None
            await self._voice.change(found)

    def _found(self) -> Utterance | float | None:
        """The next one; else when to look again."""
        ahead = [span for span in self._voice.spans if (span.ended or _EVER * 1e6) > self._from]
        if not ahead:
            return None
        began, ended = max(ahead[0].began, self._from), 0.0
        said: list[str] = []
        for span in ahead:
            if said and span.began - ended >= self._rules.silence:
                break
            said.append(span.text)
            ended = _now() if span.ended is None else span.ended
        longest = began + self._rules.max_seconds
        if ended >= longest:
            return _utterance(began, longest, said, cut=True)
        if self._voice.speaking and ahead[-1].ended is None:
            return longest
        over = ended + self._rules.silence
        return _utterance(began, ended, said) if _now() >= over else over


def _utterance(began: float, ended: float, said: list[str], *, cut: bool = False) -> Utterance:
    text = " ".join(said).encode()
    length = max(round((ended - began) * RATE) * 2, len(text) + len(text) % 2)
    return Utterance(text.ljust(length, b"\0"), RATE, began, ended, cut)


class FakeRecogniser:
    """Understands every word: the text is in the utterance."""

    async def transcribe(self, utterance: Utterance) -> str:
        return utterance.pcm.rstrip(b"\0").decode()


def _now() -> float:
    return asyncio.get_running_loop().time()
