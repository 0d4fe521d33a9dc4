"""Whether a person or a machine has picked up a call that we placed.

A person says a word or two and waits. A machine speaks on: its greeting is long before it pauses.
What only plays a tone, or nothing at all, is neither.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from voip.bot.ending import CallEnded

if TYPE_CHECKING:
    from voip.bot.call import Call


class AnsweredBy(Enum):
    """Who picked up."""

    PERSON = "a person"
    MACHINE = "a machine with a greeting"
    SILENCE = "nobody who speaks"


@dataclass(frozen=True, slots=True)
class AnsweringRules:
    """Seconds. Raises ValueError where they make no sense."""

    longest_hello: float = 2.5
    """Speech that goes on for longer is a greeting: people pause before that."""
    pause: float = 0.8
    """Silence after which a span of speech is over."""
    patience: float = 5.0
    """Silence at the beginning after which nobody is expected to speak."""
    greeting: float = 30.0
    """The longest greeting whose end is waited for, where one leaves a message after it."""

    def __post_init__(self) -> None:
        values = (self.longest_hello, self.pause, self.patience, self.greeting)
        if not all(value > 0 for value in values):
            raise ValueError("each of the answering rules must be more than 0 seconds")
        if self.greeting < self.longest_hello:
            raise ValueError("a greeting cannot be shorter than the longest hello")


RULES: Final = AnsweringRules()


def judge(spoken: float | None, *, goes_on: bool, rules: AnsweringRules = RULES) -> AnsweredBy:
    """Who it is by the first span of speech: its seconds, None where there was none within
    `patience`; `goes_on`: there was no pause yet. Pure."""
    if spoken is None:
        return AnsweredBy.SILENCE
    if goes_on or spoken > rules.longest_hello:
        return AnsweredBy.MACHINE
    return AnsweredBy.PERSON


async def answered_by(call: Call, rules: AnsweringRules) -> AnsweredBy:
    """See `Call.answered_by`."""
    async with call.utterances(silence=rules.pause, max_seconds=rules.longest_hello) as heard:
        try:
            async with asyncio.timeout(rules.patience):
                await call.speech_began()
        except TimeoutError:
            return judge(None, goes_on=False, rules=rules)
        async for utterance in heard:
            spoken = utterance.ended - utterance.began
            return judge(spoken, goes_on=utterance.cut, rules=rules)
    raise CallEnded(await call.ended())


async def silence(call: Call, seconds: float, within: float) -> bool:
    """See `Call.silence`."""
    try:
        async with asyncio.timeout(within):
            async with call.utterances(silence=seconds, max_seconds=within) as heard:
                while await _speaks_within(call, seconds):
                    await anext(heard, None)
            return True
    except TimeoutError:
        return False


async def _speaks_within(call: Call, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await call.speech_began()
    except TimeoutError:
        return False
    return True
