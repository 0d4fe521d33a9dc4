"""When speech begins and ends, on a virtual clock."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voip.media.voice import Endpointer, SpeechBegan, SpeechEnded, SpeechEvent, SpeechRules

STEP = 0.032


def events(speech: Sequence[float], silence: float = 0.5) -> list[SpeechEvent]:
    """What is said of moments of 32 ms."""
    endpointer = Endpointer(silence)
    said = [endpointer.hear(one, n * STEP, (n + 1) * STEP) for n, one in enumerate(speech)]
    return [event for event in said if event is not None]


def test_somebody_speaks_and_stops() -> None:
    began, ended = events([0.0] * 10 + [0.9] * 20 + [0.0] * 30)
    assert isinstance(began, SpeechBegan)
    assert isinstance(ended, SpeechEnded)
    assert (began.at, ended.at) == pytest.approx((10 * STEP, 30 * STEP))


def test_the_end_is_said_when_the_silence_has_lasted_and_no_earlier() -> None:
    spoken = [0.9] * 10
    assert len(events(spoken + [0.0] * 15, silence=0.5)) == 1
    assert len(events(spoken + [0.0] * 16, silence=0.5)) == 2


def test_a_click_is_no_speech() -> None:
    assert events(([0.0] * 10 + [1.0] * 3) * 20) == []


def test_a_pause_between_two_words_is_no_end() -> None:
    assert len(events(([0.9] * 10 + [0.0] * 14) * 5, silence=0.5)) == 1


def test_a_doubtful_moment_counts_for_what_was_before_it() -> None:
    assert events([0.4] * 200) == []
    (began,) = events([0.9] * 10 + [0.4] * 200)
    assert isinstance(began, SpeechBegan)


def test_one_that_begins_again_is_told_again() -> None:
    kinds = [type(event) for event in events(([0.9] * 10 + [0.0] * 20) * 3, silence=0.5)]
    assert kinds == [SpeechBegan, SpeechEnded] * 3


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_of_nothing_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="silence must be more than 0"):
        SpeechRules(silence=limit)
    with pytest.raises(ValueError, match="max_seconds must be more than 0"):
        SpeechRules(max_seconds=limit)


@given(st.lists(st.floats(0, 1), max_size=300), st.floats(0.01, 3))
def test_beginnings_and_ends_alternate_and_silence_lies_in_between(
    speech: list[float], silence: float
) -> None:
    said = events(speech, silence)
    for number, event in enumerate(said):
        assert isinstance(event, SpeechEnded if number % 2 else SpeechBegan)
    for before, after in itertools.pairwise(said):
        least = silence if isinstance(after, SpeechBegan) else Endpointer.SHORTEST
        assert after.at - before.at >= least - 1e-6
