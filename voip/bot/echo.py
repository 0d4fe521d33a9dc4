"""The echo: a call test. What you say comes back, so you know that both directions work."""

from __future__ import annotations

from voip.bot.call import Call
from voip.media.sounds import Sound, Speech, Tone

GREETING = "This is the call test. After the tone you will hear yourself."


async def echo(call: Call, greeting: Sound | None = None) -> None:
    await call.answer()
    await call.play(greeting or Speech(GREETING))
    await call.play(Tone())
    await call.echo()
