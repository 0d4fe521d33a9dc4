"""The recorder: announces itself, beeps, records, and the recording is posted into the room."""

from __future__ import annotations

from dataclasses import dataclass, field

from voip.bot.call import Call
from voip.bot.consent import agreed, record_agreed
from voip.bot.cut_off import tell_if_cut_off
from voip.bot.keeping import Policy
from voip.media.sounds import Sound, Speech, Tone

BEGIN = Tone()
DONE = Tone(hertz=500)
ANNOUNCEMENT = "Hello. Please speak after the tone. This call is recorded."
QUESTION = "If you agree to being recorded, press 1."


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    announcement: Sound = field(default_factory=lambda: Speech(ANNOUNCEMENT))
    question: Sound = field(default_factory=lambda: Speech(QUESTION))
    """Asked where consent is given by a digit."""
    until_silence: float = 5.0
    """Seconds of silence that end the recording."""
    max_seconds: float = 600.0


async def recorder(call: Call, settings: RecorderSettings, policy: Policy) -> None:
    await call.answer()
    await call.play(settings.announcement)
    if not await agreed(call, policy, settings.question):
        return
    await call.play(BEGIN)
    await record_agreed(
        call, until_silence=settings.until_silence, max_seconds=settings.max_seconds
    )
    if not await tell_if_cut_off(call):
        await call.play(DONE)
