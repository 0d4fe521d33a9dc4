"""From an utterance to its words: what a recogniser is for a bot.

`voip.bot.sphinx` is one that works offline. docs/listening.md shows how to plug in a better one.
"""

from __future__ import annotations

from typing import Protocol

from voip.media.utterance import Utterance
from voip.signalling.record import Record


class Transcript(Record):
    """The words of an utterance."""

    text: str
    """Empty where no words were understood."""
    confidence: float | None = None
    """0 to 1 where the recogniser says it, on a scale of its own."""


class Transcriber(Protocol):
    """Must not block the event loop: what computes does so in a process or a thread.

    Raises TranscriptionError where this utterance cannot be transcribed.
    """

    async def transcribe(self, utterance: Utterance, /) -> str | Transcript: ...


class TranscriptionError(Exception):
    """The recogniser failed; the message says what to do."""


async def transcript_of(transcriber: Transcriber, utterance: Utterance) -> Transcript:
    """What it says, also where that is text alone. Raises TranscriptionError."""
    said = await transcriber.transcribe(utterance)
    return Transcript(said) if isinstance(said, str) else said
