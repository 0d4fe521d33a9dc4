"""The echo: a call test. What you say comes back, so you know that both directions work."""

from __future__ import annotations

import contextlib

from voip.bot.call import Call
from voip.bot.recorder import BEGIN
from voip.media.sound_errors import SpeechUnavailable
from voip.media.sounds import Speech

GREETING = Speech("This is the call test. After the tone you will hear yourself.")


async def echo(call: Call) -> None:
    await call.answer()
    with contextlib.suppress(SpeechUnavailable):  # an extra: without it there is the tone alone
        await call.play(GREETING)
    await call.play(BEGIN)
    await call.echo()
