"""Words recognised in real speech, which has gone through Opus."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import RATE as CALL_RATE
from tests.media.audio import encode
from voip.bot import sphinx as module
from voip.bot.sphinx import Sphinx
from voip.bot.transcription import Transcript, TranscriptionError, transcript_of
from voip.media.libopus import Decoder
from voip.media.speech import say
from voip.media.utterance import RATE, Utterance

pytest.importorskip("pocketsphinx")

PHRASES = ["yes", "no", "call me back", "transfer me to the office", "billing", "stop"]


def said(text: str) -> Utterance:
    """What is heard of it in a call."""
    pcm, rate = say(text)
    times = np.arange(0, len(pcm) / rate, 1 / CALL_RATE)
    sound = np.interp(times, np.arange(len(pcm)) / rate, pcm)
    quiet = np.zeros(round(0.3 * CALL_RATE))
    whole = np.concatenate([quiet, sound, quiet]).astype(np.int16)
    decoder = Decoder(RATE)
    heard = np.concatenate([decoder.decode(packet) for packet in encode(whole)])
    return Utterance(heard.tobytes(), RATE, 0.0, len(heard) / RATE)


async def test_each_of_a_few_phrases_is_understood() -> None:
    async with Sphinx(PHRASES) as sphinx:
        for phrase in PHRASES:
            assert (await sphinx.transcribe(said(phrase))).text == phrase


async def test_what_is_none_of_them_is_a_whole_one_or_nothing() -> None:
    async with Sphinx(PHRASES) as sphinx:
        for text in ("the second pump is leaking again", "what time is it", "call"):
            assert (await sphinx.transcribe(said(text))).text in {"", *PHRASES}
        silence = Utterance(bytes(RATE * 2), RATE, 0.0, 1.0)
        assert (await sphinx.transcribe(silence)).text == ""


async def test_without_phrases_it_is_english() -> None:
    sentence = "the second pump is leaking again"
    async with Sphinx() as sphinx:
        words = (await sphinx.transcribe(said(sentence))).text.split()
    assert len(set(sentence.split()) & set(words)) >= 4


async def test_the_loop_goes_on_meanwhile() -> None:
    async with Sphinx() as sphinx:
        working = asyncio.create_task(sphinx.transcribe(said("call me back tomorrow morning")))
        turns = 0
        while not working.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 20, "loading alone takes a second of another process"


async def test_many_at_the_same_time_take_turns_and_get_their_own_answers() -> None:
    async with Sphinx(PHRASES) as sphinx:
        found = await asyncio.gather(*(sphinx.transcribe(said(phrase)) for phrase in PHRASES))
    assert [transcript.text for transcript in found] == PHRASES


async def test_who_gives_up_spoils_nothing_for_the_next() -> None:
    async with Sphinx(PHRASES) as sphinx:
        await sphinx.transcribe(said("no"))
        impatient = asyncio.create_task(sphinx.transcribe(said("yes")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        impatient.cancel()
        assert (await sphinx.transcribe(said("billing"))).text == "billing"


async def test_a_process_that_dies_fails_one_utterance_and_is_begun_again() -> None:
    async with Sphinx(PHRASES) as sphinx:
        await sphinx.transcribe(said("no"))
        assert sphinx._process is not None
        os.kill(sphinx._process.pid, signal.SIGKILL)
        with pytest.raises(TranscriptionError, match="try again"):
            await sphinx.transcribe(said("yes"))
        assert (await sphinx.transcribe(said("yes"))).text == "yes"


async def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Sphinx(PHRASES) as sphinx:
        await sphinx.transcribe(said("no"))
        assert sphinx._process is not None
        os.kill(sphinx._process.pid, signal.SIGSTOP)
        monkeypatch.setattr(sphinx, "TIMEOUT", 0.2)
        with pytest.raises(TranscriptionError, match="try again"):
            await sphinx.transcribe(said("yes"))
        assert sphinx._process is None


async def test_a_word_that_it_does_not_know_is_named() -> None:
    async with Sphinx(["yes", "zorglub"]) as sphinx:
        with pytest.raises(TranscriptionError, match="zorglub"):
            await sphinx.transcribe(said("yes"))
        assert sphinx._process is None


@pytest.mark.parametrize("phrase", ["", "yes | <no>", "press 1", "ja; grammar"])
def test_a_phrase_is_words(phrase: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        Sphinx([phrase])


async def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    hidden = "import sys\nsys.modules['pocketsphinx'] = None\n"
    program.write_text(hidden + module._PROGRAM.read_text().replace("from __future__", "#"))
    monkeypatch.setattr(module, "_PROGRAM", program)
    async with Sphinx() as sphinx:
        with pytest.raises(TranscriptionError, match=r"matrix-voip\[transcription\]"):
            await sphinx.transcribe(said("yes"))


async def test_another_rate_is_refused() -> None:
    async with Sphinx() as sphinx:
        with pytest.raises(TranscriptionError, match="16000 Hz"):
            await sphinx.transcribe(Utterance(bytes(100), 48_000, 0.0, 0.1))


async def test_a_transcriber_of_ones_own_may_give_text_alone() -> None:
    class Own:
        async def transcribe(self, utterance: Utterance) -> str:
            return f"{utterance.seconds:.1f} seconds"

    one = Utterance(bytes(RATE * 2), RATE, 0.0, 1.0)
    assert await transcript_of(Own(), one) == Transcript("1.0 seconds")
    assert await transcript_of(Sphinx(["yes"]), one) == Transcript("")
