"""Connects whoever calls with somebody else, and records both on tracks of their own, once both
have agreed by a key."""

from __future__ import annotations

import asyncio
import contextlib
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from voip.bot import Call, CallEnded
from voip.bot.bots.file import Strict
from voip.bot.bots.texts import Text, sound_of
from voip.bot.consent import all_agreed, record_agreed
from voip.matrix.errors import MatrixError
from voip.media.progress import Progress, tone

CONSENT: Final = "This call will be recorded. Press 1 if you agree."
TRIES: Final = 2
User = Annotated[str, StringConstraints(pattern=r"^@[^:\s]*:\S+$", max_length=255)]


class Without(StrEnum):
    """What becomes of a call that somebody does not want recorded."""

    CONNECT = "connect"
    """They talk, and nothing is kept."""
    HANG_UP = "hang_up"


class BridgeSettings(Strict):
    """The bot's file."""

    call: User
    """Who is called when somebody calls the bot."""
    consent: Text = CONSENT
    digit: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] = "1"
    timeout: Annotated[float, Field(gt=0, le=60)] = 8
    """Seconds for which the key is waited for."""
    without_consent: Without = Without.HANG_UP
    voice: str = "en"
    ring_seconds: Annotated[float, Field(gt=0, le=300)] = 45
    """After which nobody answers."""


async def bridge_recorder(call: Call, settings: BridgeSettings) -> None:
    await call.answer()
    agreed = await _agrees(call, settings)
    if not agreed and settings.without_consent is Without.HANG_UP:
        await call.say("Then this call ends here. Goodbye.")
        return
    try:
        async with call.dial(settings.call) as onward:
            if not await _picks_up(call, onward, settings.ring_seconds):
                await call.say("Nobody answered. Goodbye.")
                return
            agreed = agreed and await _agrees(onward, settings)
            if not agreed and settings.without_consent is Without.HANG_UP:
                await call.say("The other side does not agree to a recording. Goodbye.")
                return
            if agreed:
                all_agreed(call, onward)
            await _talk(call, onward, record=agreed)
    except MatrixError:
        await call.say("Nobody could be called. Goodbye.")


async def _agrees(call: Call, settings: BridgeSettings) -> bool:
    """By the key alone: silence is no consent."""
    prompt = sound_of(settings.consent, settings.voice)
    for _ in range(TRIES):
        try:
            pressed = await call.gather(prompt=prompt, timeout=settings.timeout)
        except CallEnded:
            return False  # the flow sees its own call's end by itself
        if pressed:
            return pressed == settings.digit
    return False


async def _picks_up(call: Call, onward: Call, seconds: float) -> bool:
    """Whether the other side answers; the caller hears it ring."""
    ringing = asyncio.create_task(call.play(tone(Progress.RINGBACK), loop=True))
    try:
        async with asyncio.timeout(seconds):
            await onward.established()
            return True
    except (CallEnded, TimeoutError):
        return False
    finally:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)


async def _talk(call: Call, onward: Call, *, record: bool) -> None:
    """Until one of the two hangs up. What the caller hears is the other side, so that one
    recording has both, each on a track."""
    recording = asyncio.create_task(record_agreed(call, both=True)) if record else None
    try:
        await call.bridge(onward)
    finally:
        if recording is not None:
            if call.end is None and not recording.done():
                await call.stop_recording()
            with contextlib.suppress(CallEnded):
                await recording
