"""The words of a message, posted below it where something that understands them is installed."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Final

from voip.bot import Call
from voip.bot.transcription import TranscriptionError, transcript_of
from voip.media.pcm import samples_of
from voip.media.sound_errors import SoundError
from voip.media.utterance import RATE, Utterance

log = logging.getLogger(__name__)

LONGEST: Final = 600.0
"""Seconds of a message that are put into words: it takes half as long on a core."""


def can_transcribe() -> bool:
    return find_spec("pocketsphinx") is not None


async def post_transcript(call: Call) -> None:
    """Of all recordings of a call that is over. What cannot be understood is left out."""
    if not call.recordings or call.revoked or not can_transcribe():
        return
    texts = []
    async with call.recogniser(()) as recogniser:
        for recording in call.recordings:
            try:
                samples = await samples_of(recording.path, RATE, LONGEST)
                said = Utterance(samples.tobytes(), RATE, 0.0, len(samples) / RATE)
                texts.append((await transcript_of(recogniser, said)).text)
            except (SoundError, TranscriptionError) as error:
                log.warning("a message has no transcript: %s", error)
    if words := " ".join(text for text in texts if text):
        await call.post_words(f"The message in words, as far as a machine understands it: {words}")
