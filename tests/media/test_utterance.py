"""Utterances cut out of blocks, on a virtual clock."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voip.media.utterance import BLOCK, RATE, SECONDS, Block, Collector, Utterance
from voip.media.voice import SpeechRules

BEGAN = 100.0


def blocks(speech: Sequence[float], at: float = BEGAN) -> Iterator[Block]:
    """Each block's samples are its number."""
    for number, one in enumerate(speech):
        yield Block(np.full(BLOCK, number + 1, np.int16), one, at + number * SECONDS)


def collected(speech: Sequence[float], silence: float = 0.5, most: float = 30) -> list[Utterance]:
    collector = Collector(SpeechRules(silence, most))
    found = [collector.hear(block) for block in blocks(speech)]
    return [one for one in [*found, collector.end()] if one is not None]


def numbers(utterance: Utterance) -> list[int]:
    return list(utterance.samples[::BLOCK])


def test_it_has_a_little_of_before_and_after() -> None:
    (one,) = collected([0.0] * 50 + [1.0] * 20 + [0.0] * 50)
    before, after = Collector.PRE_ROLL // SECONDS, -(-Collector.TAIL // SECONDS)
    assert numbers(one) == list(range(51 - int(before), 71 + int(after)))
    assert one.began == pytest.approx(BEGAN + (50 - before) * SECONDS)
    assert one.ended - one.began == pytest.approx(one.seconds)
    assert not one.cut


def test_two_are_two() -> None:
    one, two = collected(([0.0] * 30 + [1.0] * 20) * 2 + [0.0] * 30)
    assert set(range(31, 51)) <= set(numbers(one))
    assert set(range(81, 101)) <= set(numbers(two))
    assert two.began > one.ended


def test_nothing_is_in_two_of_them() -> None:
    found = collected(([0.0] * 18 + [1.0] * 5) * 4 + [0.0] * 30)
    taken = [number for one in found for number in numbers(one)]
    assert len(found) == 4
    assert len(taken) == len(set(taken))


def test_one_that_is_too_long_is_cut_and_nothing_is_lost() -> None:
    found = collected([1.0] * 100 + [0.0] * 30, most=1.0)
    assert [one.cut for one in found] == [True] * 3 + [False]
    assert [number for one in found for number in numbers(one)][:100] == list(range(1, 101))
    assert all(one.seconds <= 1.0 + SECONDS for one in found)


def test_silence_after_a_cut_is_no_utterance() -> None:
    found = collected([1.0] * 31 + [0.0] * 60, most=1.0)
    assert [one.cut for one in found] == [True]


def test_what_is_not_over_when_the_call_ends_is_given() -> None:
    (one,) = collected([0.0] * 10 + [1.0] * 10)
    assert numbers(one)[-1] == 20
    assert collected([0.0] * 10 + [1.0] * 2) == []


def test_time_in_which_nobody_listened_is_silence() -> None:
    collector = Collector(SpeechRules(silence=2.0))
    for block in blocks([1.0] * 10):
        assert collector.hear(block) is None
    assert collector.rest(BEGAN + 10 * SECONDS + 1.0) is None
    for block in blocks([1.0] * 10, at=BEGAN + 10 * SECONDS + 1.0):
        assert collector.hear(block) is None
    one = collector.rest(BEGAN + 20 * SECONDS + 3.1)
    assert one is not None
    assert one.seconds == pytest.approx(20 * SECONDS + 1.0)
    assert not one.samples[11 * BLOCK : 11 * BLOCK + RATE // 2].any()


def test_what_was_before_a_rest_is_not_of_what_comes_after_it() -> None:
    collector = Collector(SpeechRules())
    for block in blocks([0.0] * 5):
        collector.hear(block)
    collector.rest(BEGAN + 60)
    for block in blocks([1.0] * 10, at=BEGAN + 60):
        collector.hear(block)
    one = collector.end()
    assert one is not None
    assert one.began == BEGAN + 60


def test_as_a_wav_file() -> None:
    pcm = np.arange(RATE, dtype=np.int16)
    one = Utterance(pcm.tobytes(), RATE, 1.0, 2.0)
    with wave.open(io.BytesIO(one.wav())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.readframes(RATE) == pcm.tobytes()
    assert np.array_equal(one.samples, pcm)
    assert one.seconds == 1.0


@given(st.lists(st.floats(0, 1), max_size=300), st.floats(0.05, 1), st.floats(0.1, 5))
def test_whatever_comes_they_are_in_order_and_bounded(
    speech: list[float], silence: float, most: float
) -> None:
    found = collected(speech, silence, most)
    taken = [number for one in found for number in numbers(one)]
    assert taken == sorted(set(taken))
    for one in found:
        assert one.ended - one.began == pytest.approx(one.seconds, abs=1e-6)
        assert one.seconds <= most + SECONDS + Collector.PRE_ROLL
