"""Silence is judged on real speech and real noise, through real packets."""

from __future__ import annotations

import math

import av
import numpy as np
import pytest

from tests.media.audio import FRAME, RATE, Samples, encode, rtp, speech
from tests.media.test_ear import NoModels, has_model
from voip.media.events import RecordingEnd
from voip.media.packets import AudioPacket
from voip.media.silence import LevelMeter, Voice, dbov
from voip.media.speech_check import SpeechCheck
from voip.media.speech_model import SpeechModels
from voip.media.stop_rules import StopRules

PAUSE = 6.0
BEGAN = 1000.0


def scene(gain: float, noise_dbov: float | None) -> tuple[Samples, float]:
    """Speech, then a pause, over noise; and the second at which the speech ends."""
    talk = speech().astype(float) * gain
    sound = np.concatenate([talk, np.zeros(round(PAUSE * RATE))])
    if noise_dbov is not None:
        power = 32768 * 10 ** (noise_dbov / 20)
        sound += np.random.default_rng(7).normal(0, power, len(sound))
    return np.clip(sound, -32768, 32767).astype(np.int16), len(talk) / RATE


def with_levels(samples: Samples, packets: list[AudioPacket]) -> list[AudioPacket]:
    """What a sender with the header extension would say (RFC 6464)."""
    return [
        AudioPacket(
            p.payload,
            p.sequence,
            p.timestamp,
            p.ssrc,
            p.arrival,
            dbov(samples[number * FRAME : (number + 1) * FRAME]),
        )
        for number, p in enumerate(packets)
    ]


def ends_at(rules: StopRules, packets: list[AudioPacket]) -> float | None:
    for packet in packets:
        rules.hear(packet)
        if rules.verdict(packet.arrival) is RecordingEnd.SILENCE:
            return packet.arrival - BEGAN
    return None


@pytest.mark.parametrize("levels", [True, False])
@pytest.mark.parametrize(
    ("gain", "noise"), [(1.0, None), (1.0, -60), (1.0, -45), (0.1, -65), (0.3, -50)]
)
@pytest.mark.parametrize("vbr", ["on", "off"])
@pytest.mark.parametrize("models", [pytest.param(SpeechModels, marks=has_model), NoModels])
def test_it_ends_after_the_last_word_and_not_between_two(
    gain: float, noise: float | None, levels: bool, vbr: str, models: type[SpeechModels]
) -> None:
    samples, last_word = scene(gain, noise)
    packets = list(rtp(encode(samples, vbr=vbr), arrival=BEGAN))
    if levels:
        packets = with_levels(samples, packets)
    end = ends_at(StopRules(BEGAN, until_silence=3.0, models=models()), packets)
    assert end is not None
    assert last_word + 3.0 - 0.6 <= end <= last_word + 3.0 + 1.2


def test_somebody_who_speaks_late_is_waited_for() -> None:
    samples, _ = scene(1.0, -60)
    quiet = np.random.default_rng(1).normal(0, 30, 8 * RATE).astype(np.int16)
    samples = np.concatenate([quiet, samples])
    packets = with_levels(samples, list(rtp(encode(samples), arrival=BEGAN)))
    end = ends_at(StopRules(BEGAN, until_silence=3.0), packets)
    assert end is not None
    assert end > 8 + 6


def test_somebody_who_never_speaks_is_not_kept_for_ever() -> None:
    samples = np.random.default_rng(1).normal(0, 30, 15 * RATE).astype(np.int16)
    packets = with_levels(samples, list(rtp(encode(samples), arrival=BEGAN)))
    end = ends_at(StopRules(BEGAN, until_silence=3.0), packets)
    assert end == pytest.approx(StopRules.PATIENCE, abs=0.03)


def test_no_packets_at_all_are_silence() -> None:
    rules = StopRules(BEGAN, until_silence=3.0)
    samples, _ = scene(1.0, None)
    for packet in list(rtp(encode(samples), arrival=BEGAN, level=20))[:100]:
        rules.hear(packet)
    assert rules.verdict(BEGAN + 2 + 2.9) is None
    assert rules.verdict(BEGAN + 2 + 3.1) is RecordingEnd.SILENCE


def announced(rules: StopRules, samples: Samples, *, levels: bool = True) -> float | None:
    packets = list(rtp(encode(samples), arrival=BEGAN))
    return ends_at(rules, with_levels(samples, packets) if levels else packets)


@has_model
@pytest.mark.parametrize("levels", [True, False])
def test_noise_after_the_last_word_keeps_nobody(levels: bool) -> None:
    talk = speech()
    dice = np.random.default_rng(7)
    bursts = dice.normal(0, 3000, 9 * RATE) * (np.arange(9 * RATE) // (RATE // 2) % 2)
    samples = np.concatenate([talk, bursts.astype(np.int16)])
    ends = len(talk) / RATE
    end = announced(StopRules(BEGAN, until_silence=3.0), samples, levels=levels)
    assert end is not None
    assert ends + 3.0 - 0.6 <= end <= ends + 3.0 + SpeechCheck.TRUST
    by_loudness = StopRules(BEGAN, until_silence=3.0, models=NoModels())
    assert announced(by_loudness, samples, levels=levels) is None


@has_model
def test_the_model_hears_nothing_of_silence_and_little_of_speech() -> None:
    talk = np.concatenate([speech(), speech()])
    quiet = np.random.default_rng(1).normal(0, 30, 5 * RATE).astype(np.int16)
    samples = np.concatenate([quiet, talk, quiet])
    packets = with_levels(samples, list(rtp(encode(samples), arrival=BEGAN)))
    models = SpeechModels()
    rules = StopRules(BEGAN, until_silence=10.0, models=models)
    for packet in packets[: 5 * 50]:
        rules.hear(packet)
    assert rules._check.decoded == 0
    for packet in packets[5 * 50 :]:
        rules.hear(packet)
    assert 0 < rules._check.decoded < len(talk) / FRAME / 4
    rules.close()
    assert models._lent == 0


@has_model
def test_a_model_is_given_back_when_the_recording_ends_in_the_middle_of_a_word() -> None:
    models = SpeechModels()
    rules = StopRules(BEGAN, until_silence=3.0, models=models)
    for packet in rtp(encode(speech())[:5], arrival=BEGAN, level=20):
        rules.hear(packet)
    assert models._lent == 1
    rules.close()
    assert models._lent == 0


def test_the_longest_time() -> None:
    rules = StopRules(BEGAN, max_seconds=5)
    assert rules.verdict(BEGAN + 4.9) is None
    assert rules.verdict(BEGAN + 5) is RecordingEnd.MAX_SECONDS
    assert StopRules(BEGAN).verdict(BEGAN + 1e6) is None


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_of_nothing_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        StopRules(BEGAN, until_silence=limit)
    with pytest.raises(ValueError, match="more than 0"):
        StopRules(BEGAN, max_seconds=limit)


def test_loudness_is_that_of_rfc_6464() -> None:
    t = np.arange(FRAME) / RATE
    full = (np.sin(2 * math.pi * 1000 * t) * 32767).astype(np.int16)
    assert dbov(full) == 3
    assert dbov((full / 10).astype(np.int16)) == 23
    assert dbov(np.zeros(FRAME, np.int16)) == 127


def test_a_click_is_no_voice_and_loud_music_is() -> None:
    voice = Voice()
    assert not any(voice.hear(20 if n == 50 else 70, n * 0.02) for n in range(100))
    voice = Voice()
    heard = [voice.hear(25, n * 0.02) for n in range(1000)]
    assert all(heard[5:])


def test_a_few_decoded_packets_say_the_same_as_all() -> None:
    samples, _ = scene(1.0, -45)
    payloads = encode(samples, vbr="off")
    meter = LevelMeter()
    sampled = {
        n: level
        for n, packet in enumerate(rtp(payloads))
        if (level := meter.level(packet)) is not None
    }
    decoder = av.AudioCodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", RATE
    exact = [
        dbov(frame.to_ndarray().ravel())
        for payload in payloads
        for frame in decoder.decode(av.Packet(payload))
    ]
    assert len(sampled) == pytest.approx(len(payloads) / LevelMeter.CYCLE, abs=1)
    errors = [abs(level - exact[n]) for n, level in sampled.items()]
    assert sorted(errors)[len(errors) // 2] <= 1


def test_a_packet_that_does_not_decode_is_no_voice() -> None:
    meter = LevelMeter()
    junk = [b"", b"\xfb", b"\xff\x3f" + b"x" * 30, b"\x02\xff\xff" + b"\xff" * 60]
    assert all(meter.level(packet) in {None, 127} for packet in rtp(junk * 10))
