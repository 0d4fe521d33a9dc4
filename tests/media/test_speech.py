from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from voip.media import speech
from voip.media.sound_errors import SpeechUnavailable


def test_a_text_becomes_sound() -> None:
    samples, rate = speech.say("One two three.")
    assert rate >= 16_000
    assert 0.5 < len(samples) / rate < 3
    assert np.abs(samples).max() > 3000


def test_threads_take_turns() -> None:
    texts = [f"This is sentence number {number}." for number in range(4)] * 3
    alone = [speech.say(text)[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = [samples for samples, _ in pool.map(speech.say, texts)]
    for one, other in zip(alone, together, strict=True):
        # The engine carries a little state from one text to the next: equal but for that.
        assert len(other) == pytest.approx(len(one), rel=0.02)


def test_another_voice_sounds_different() -> None:
    english, _ = speech.say("Guten Tag, meine Damen und Herren", "en")
    german, _ = speech.say("Guten Tag, meine Damen und Herren", "de")
    assert len(english) != len(german)


def test_an_unknown_voice_says_what_to_do() -> None:
    with pytest.raises(SpeechUnavailable, match="no voice 'xx-nobody'"):
        speech.say("Hello", "xx-nobody")


@pytest.mark.parametrize("text", ["", "  \n", "a" * (speech.MAX_CHARACTERS + 1)])
def test_no_text_or_far_too_much_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        speech.say(text)


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "_engine", None)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(SpeechUnavailable, match=r'pip install "matrix-voip\[speech\]"'):
        speech.say("Hello")
