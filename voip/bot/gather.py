"""Asking the other side for keys or for a few words, with a prompt that either interrupts."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from voip.bot.barge_in import Until
from voip.bot.transcription import Transcriber, transcript_of
from voip.media.sounds import Sound

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.bot.utterances import Utterances

LONGEST_ANSWER: Final = 10.0
"""Seconds of speech: what is longer is none of the phrases."""
PAUSE: Final = 0.8
"""Seconds of silence after which an answer is over."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; see `Call.gather`. Raises ValueError for what cannot be answered."""

    digits: int = 1
    timeout: float = 8.0
    terminator: str = "#"
    phrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.digits <= 64:
            raise ValueError(f"1 to 64 digits can be asked for, not {self.digits}")
        if not self.timeout > 0:
            raise ValueError(f"timeout must be more than 0 seconds, not {self.timeout}")


async def gather(call: Call, question: Question, prompt: Sound | None, *, pressed: bool) -> str:
    """See `Call.gather`. `pressed`: there are keys already, so the prompt is not wanted."""
    async with contextlib.AsyncExitStack() as stack:
        heard = None
        if question.phrases:
            recogniser = await stack.enter_async_context(call.recogniser(question.phrases))
            spoken = call.utterances(silence=PAUSE, max_seconds=LONGEST_ANSWER)
            heard = await stack.enter_async_context(spoken), recogniser
        asking = Asking(call, question)
        return await asking.answer(None if pressed else prompt, heard)


class Asking:
    """One question, until it is answered or time is up."""

    def __init__(self, call: Call, question: Question) -> None:
        self._call = call
        self._question = question
        self._pressed = ""
        self._began = asyncio.Event()
        """The other side presses or speaks: the prompt is over."""

    async def answer(
        self, prompt: Sound | None, heard: tuple[Utterances, Transcriber] | None
    ) -> str:
        ways = [self._keys()]
        if heard is not None:
            ways += [self._notice_speech(), self._words(*heard)]
        clock = asyncio.get_running_loop()
        answering = asyncio.create_task(_first_answer(ways))
        try:
            async with asyncio.timeout(None) as self._limit:
                if prompt is not None:
                    until: Until = self._began
                    await self._call.play(prompt, until=until)
                if self._limit.when() is None:
                    self._limit.reschedule(clock.time() + self._question.timeout)
                return await answering
        except TimeoutError:
            return self._pressed
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _keys(self) -> str:
        while len(self._pressed) < self._question.digits:
            digit = await self._call.digit()
            self._go_on(self._question.timeout)
            if digit == self._question.terminator:
                break
            self._pressed += digit
        return self._pressed

    async def _notice_speech(self) -> str:
        """Speech is heard to its end before time is up."""
        await self._call.speech_began()
        self._go_on(self._question.timeout + LONGEST_ANSWER)
        return ""

    async def _words(self, heard: Utterances, recogniser: Transcriber) -> str:
        known = {_plain(phrase): phrase for phrase in self._question.phrases}
        async for utterance in heard:
            self._go_on(self._question.timeout)
            words = _plain((await transcript_of(recogniser, utterance)).text)
            if words in known:
                return known[words]
        return ""

    def _go_on(self, seconds: float) -> None:
        self._began.set()
        self._limit.reschedule(asyncio.get_running_loop().time() + seconds)


async def _first_answer(ways: Sequence[Coroutine[Any, Any, str]]) -> str:
    """Of the keys, which end in any case, or of the words, where they come to something."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    keys = tasks[0]
    try:
        waiting = set(tasks)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (answer := task.result()) or task is keys:
                    return answer
        return ""
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))
