"""Words from speech, offline: PocketSphinx and its English model (extra `transcription`).

It tells a few phrases from each other (a menu, yes and no) and is bad at free speech. What is none
of the phrases is mostly taken for the one that sounds most like it, and no number that it gives
tells the two apart: ask back before anything that cannot be undone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from voip.bot.transcription import Transcript, TranscriptionError
from voip.media.utterance import Utterance

_PROGRAM: Final = Path(__file__).with_name("sphinx_process.py")
_PHRASE: Final = re.compile(r"[a-z']+(?: [a-z']+)*")
_RATE: Final = 16_000


class Sphinx:
    """A Transcriber with one process, which works on one utterance after the other.

        async with Sphinx(["yes", "no", "call me back"]) as sphinx:
            transcript = await sphinx.transcribe(utterance)

    The process starts with the first utterance and takes 45 MB with phrases, 120 MB without. A
    second of sound costs it 0.014 seconds with phrases, 0.5 without.
    """

    TIMEOUT = 120.0
    """Seconds after which a process that does not answer is ended."""

    def __init__(self, phrases: Sequence[str] = ()) -> None:
        """`phrases`: what can be said; without any, free English speech.

        Raises ValueError for a phrase that is not words of letters.
        """
        self._phrases = [" ".join(phrase.lower().split()) for phrase in phrases]
        for phrase in self._phrases:
            if not _PHRASE.fullmatch(phrase):
                raise ValueError(f"a phrase is words of the letters a to z, not {phrase!r}")
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._number = 0

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """What was said; of phrases a whole one, or nothing. Raises TranscriptionError."""
        if utterance.rate != _RATE:
            raise TranscriptionError(f"the recogniser takes {_RATE} Hz, not {utterance.rate}")
        async with self._turn:
            try:
                async with asyncio.timeout(self.TIMEOUT):
                    answer = await self._ask(utterance.pcm)
            except (TimeoutError, OSError, ValueError) as error:
                await self._end()
                raise TranscriptionError("the recogniser's process failed: try again") from error
        text = answer["text"]
        beginning = self._phrases and text not in self._phrases
        return Transcript("" if beginning else text)

    async def aclose(self) -> None:
        """End the process; it begins anew with another utterance."""
        async with self._turn:
            await self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _ask(self, pcm: bytes) -> dict[str, Any]:
        if self._process is None:
            self._process = await self._start()
        self._number += 1
        order = json.dumps({"number": self._number, "bytes": len(pcm)}).encode()
        source, answers = self._process.stdin, self._process.stdout
        assert source is not None  # noqa: S101  # both are pipes
        assert answers is not None  # noqa: S101
        source.write(order + b"\n" + pcm)
        await source.drain()
        while True:
            answer = json.loads(await answers.readline())
            if answer.get("number") == self._number:  # not of one whose asker gave up
                return dict(answer)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", str(_PROGRAM), stdin=pipe, stdout=pipe
        )
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(json.dumps(self._phrases).encode() + b"\n")
            said = json.loads(await process.stdout.readline())
        except BaseException:
            await _kill(process)
            raise
        if error := said.get("error"):
            await _kill(process)
            raise TranscriptionError(error)
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await _kill(process)


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()
