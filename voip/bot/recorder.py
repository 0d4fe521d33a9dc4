"""The recorder: announces itself, beeps, records, and the recording is posted into the room."""

from __future__ import annotations

from dataclasses import dataclass, field

from voip.bot.call import Call
from voip.media.sounds import Sound, Speech, Tone

BEGIN = Tone()
DONE = Tone(hertz=500)
ANNOUNCEMENT = "Hello. Please speak after the tone. This call is recorded."


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    announcement: Sound = field(default_factory=lambda: Speech(ANNOUNCEMENT))
    until_silence: float = 5.0
    """Seconds of silence that end the recording."""
    max_seconds: float = 600.0


async def recorder(call: Call, settings: RecorderSettings) -> None:
    await call.answer()
    await call.play(settings.announcement)
    await call.play(BEGIN)
    await call.record(until_silence=settings.until_silence, max_seconds=settings.max_seconds)
    await call.play(DONE)
