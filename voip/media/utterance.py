"""What somebody said in one go, cut out of what is heard."""

from __future__ import annotations

import io
import wave
from collections import deque
from collections.abc import Iterable
from typing import Final

import numpy as np

from voip.media.libopus import Samples
from voip.media.voice import Endpointer, SpeechBegan, SpeechEnded, SpeechRules, State
from voip.signalling.record import Record

RATE: Final = 16_000
"""Hertz: what speech is judged at, and what recognisers take."""
BLOCK: Final = 512
"""Samples of a block: 32 ms, what the model of speech judges at a time."""
SECONDS: Final = BLOCK / RATE


class Block(Record):
    """A moment of what is heard."""

    samples: Samples
    """`BLOCK` of int16, mono, at `RATE`."""
    speech: float
    """How likely somebody speaks, 0 to 1."""
    at: float
    """When it begins, seconds of the arrivals' clock."""


class Utterance(Record):
    """Plain data: it crosses from the media to the bot as it is."""

    pcm: bytes
    """16 bits a sample, little-endian, mono."""
    rate: int
    """Hertz."""
    began: float
    """When its first sample was heard, in seconds: in the call, as a bot gets it; of the
    monotonic clock, as the media engine gives it."""
    ended: float
    """When its last sample was heard."""
    cut: bool = False
    """It was longer than it may be: the rest, if there is any, is the next one."""
    missed: int = 0
    """How many before it were lost, because nobody asked for them in time."""

    @property
    def samples(self) -> Samples:
        """int16, mono, at `rate` hertz; read-only."""
        return np.frombuffer(self.pcm, "<i2")

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate

    def wav(self) -> bytes:
        """As a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.rate)
            out.writeframes(self.pcm)
        return file.getvalue()


class Collector:
    """Blocks in, utterances out. Each has a little of what was before and after it, because
    the first and the last consonant are faint."""

    PRE_ROLL = 0.3
    """Seconds before the first sound."""
    TAIL = 0.2
    """Seconds after the last."""

    def __init__(self, rules: SpeechRules) -> None:
        self._rules = rules
        self._endpointer = Endpointer(rules.silence)
        self._blocks: deque[Block] = deque()

    def hear(self, block: Block) -> Utterance | None:
        """The next moment; an utterance where one is over."""
        self._blocks.append(block)
        end = block.at + SECONDS
        match self._endpointer.hear(block.speech, block.at, end):
            case SpeechBegan(at):
                self._keep_from(at - self.PRE_ROLL)
            case SpeechEnded(at):
                return self._over(at)
        match self._endpointer.state:
            case State.QUIET:
                self._keep_from(block.at - self.PRE_ROLL)
            case State.SPEAKING if end - self._blocks[0].at >= self._rules.max_seconds:
                return _joined(self._take(end), cut=True)
        return None

    def rest(self, at: float) -> Utterance | None:
        """Nothing is heard until `at`: nobody speaks, and there is nothing to keep."""
        match self._endpointer.hear(0.0, at, at):
            case SpeechEnded(last_word):
                return self._over(last_word)
        if self._endpointer.state is not State.SPEAKING:
            self._blocks.clear()
        return None

    def end(self) -> Utterance | None:
        """Nothing will be heard any more."""
        speaking = self._endpointer.state is State.SPEAKING
        return _joined(self._blocks) if speaking and self._blocks else None

    def _over(self, last_word: float) -> Utterance | None:
        """What comes after may be the beginning of the next. After a cut there may be silence
        alone: that is no utterance."""
        said = self._take(last_word + self.TAIL)
        return _joined(said) if said and said[0].at < last_word else None

    def _take(self, until: float) -> list[Block]:
        taken = []
        while self._blocks and self._blocks[0].at < until:
            taken.append(self._blocks.popleft())
        return taken

    def _keep_from(self, at: float) -> None:
        while self._blocks and self._blocks[0].at < at:
            self._blocks.popleft()


def _joined(blocks: Iterable[Block], *, cut: bool = False) -> Utterance:
    """Moments that are missing, because nobody listened in a pause, become silence."""
    parts: list[Samples] = []
    began = ended = None
    for block in blocks:
        if began is None or ended is None:
            began = ended = block.at
        if (missing := round((block.at - ended) * RATE)) > 0:
            parts.append(np.zeros(missing, np.int16))
        parts.append(block.samples)
        ended = max(block.at, ended) + SECONDS
    assert began is not None  # noqa: S101  # there is a block
    assert ended is not None  # noqa: S101
    return Utterance(np.concatenate(parts).astype("<i2").tobytes(), RATE, began, ended, cut)
