"""The decoder against real packets: like PyAV's, and what PyAV's cannot do."""

from __future__ import annotations

import gc
from functools import cache
from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest

from tests.media.audio import FRAME, RATE, Samples, encode, rms, speech, sweep, sweep_packets
from voip.media import libopus, opus
from voip.media.libopus import Decoder, Encoder, OpusError, OpusUnavailable, Rate


@cache
def with_fec() -> tuple[bytes, ...]:
    """Speech, encoded for a network that loses one in ten."""
    return tuple(encode(speech(), bit_rate=24_000, fec=True))


def decoded(packets: tuple[bytes, ...] | list[bytes], rate: Rate = 48_000) -> Samples:
    decoder = Decoder(rate)
    return np.concatenate([decoder.decode(packet) for packet in packets])


def likeness(one: Samples, other: Samples) -> float:
    """1 for the same, 0 for nothing in common."""
    a, b = one.astype(float), other.astype(float)
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_a_library_is_found_and_says_what_it_is() -> None:
    assert libopus.version().startswith("libopus 1.")


def test_it_decodes_as_pyav_does() -> None:
    codec = av.AudioCodecContext.create("libopus", "r")
    codec.format, codec.layout, codec.sample_rate = "s16", "mono", RATE
    theirs = np.concatenate(
        [
            frame.to_ndarray().ravel()
            for packet in sweep_packets()
            for frame in codec.decode(av.Packet(packet))
        ]
    )
    assert np.array_equal(decoded(sweep_packets()), theirs)


@pytest.mark.parametrize("rate", get_args(Rate))
def test_any_rate_gives_the_same_sound(rate: Rate) -> None:
    out = decoded(sweep_packets(1), rate)
    assert len(out) == rate
    spectrum = np.abs(np.fft.rfft(out[rate // 2 : rate // 2 + rate // 10].astype(float)))
    assert np.argmax(spectrum) * 10 == pytest.approx(410, abs=20)


def test_stereo_is_two_columns_and_mono_stays_in_the_middle() -> None:
    out = Decoder(channels=2).decode(sweep_packets()[10])
    assert out.shape == (FRAME, 2)
    assert np.array_equal(out[:, 0], out[:, 1])


def test_what_it_gave_stays_as_it_was() -> None:
    decoder = Decoder()
    first = decoder.decode(sweep_packets()[20])
    copy = first.copy()
    decoder.decode(sweep_packets()[21])
    assert np.array_equal(first, copy)


def test_a_lost_packet_is_bridged_in_kind() -> None:
    packets = sweep_packets()
    whole = decoded(packets)
    decoder = Decoder()
    for packet in packets[:100]:
        decoder.decode(packet)
    guessed = decoder.conceal(FRAME)
    assert len(guessed) == FRAME
    assert likeness(guessed, whole[100 * FRAME : 101 * FRAME]) > 0.6
    after = [decoder.decode(packet) for packet in packets[101:110]]
    assert likeness(after[-1], whole[109 * FRAME : 110 * FRAME]) > 0.98


def test_what_is_guessed_again_and_again_fades() -> None:
    decoder = Decoder()
    for packet in sweep_packets()[:50]:
        last = decoder.decode(packet)
    for _ in range(50):
        guessed = decoder.conceal(FRAME)
    assert rms(guessed) < rms(last) / 10


def test_the_copy_in_the_next_packet_is_what_was_lost() -> None:
    packets = with_fec()
    whole = decoded(packets)
    recovered: list[float] = []
    guessed: list[float] = []
    for lost in range(20, len(packets) - 1):
        original = whole[lost * FRAME : (lost + 1) * FRAME]
        if not opus.has_fec(packets[lost + 1]) or rms(original) < 1000:
            continue
        decoder = Decoder()
        for packet in packets[lost - 20 : lost]:
            decoder.decode(packet)
        recovered.append(likeness(decoder.recover(packets[lost + 1], FRAME), original))
        decoder = Decoder()
        for packet in packets[lost - 20 : lost]:
            decoder.decode(packet)
        guessed.append(likeness(decoder.conceal(FRAME), original))
    assert len(recovered) > 50
    assert np.median(recovered) > 0.95
    assert np.median(recovered) > np.median(guessed) + 0.1


def test_a_packet_tells_whether_it_has_a_copy() -> None:
    assert sum(map(opus.has_fec, with_fec())) > len(with_fec()) / 2
    assert not any(map(opus.has_fec, encode(speech(), bit_rate=24_000)))
    assert not any(map(opus.has_fec, (b"", opus.DTX, opus.SILENCE, b"\xf8\xff\xff")))


def test_a_decoder_that_is_reset_begins_anew() -> None:
    decoder, fresh = Decoder(), Decoder()
    for packet in with_fec()[:50]:
        decoder.decode(packet)
    decoder.reset()
    for packet in sweep_packets()[30:35]:
        assert np.array_equal(decoder.decode(packet), fresh.decode(packet))


@pytest.mark.parametrize("payload", [b"", b"\xfb", b"\xfb\x00", b"\x7a\xff", b"\xff" * 3])
def test_what_is_no_packet_is_refused_and_the_next_one_decoded(payload: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(OpusError):
        decoder.decode(payload)
    assert len(decoder.decode(sweep_packets()[0])) == FRAME


def test_no_bytes_bring_it_down() -> None:
    dice = np.random.default_rng(5)
    decoder = Decoder(16_000)
    for _ in range(3000):
        payload = dice.bytes(int(dice.integers(1, 60)))
        for attempt in (decoder.decode, lambda data: decoder.recover(data, FRAME)):
            try:
                assert 0 < len(attempt(payload)) <= 5760 // 3
            except OpusError:
                continue


@pytest.mark.parametrize("samples", [0, -120, 7, 100, 5880, 1 << 20])
def test_only_lengths_of_opus_can_be_concealed(samples: int) -> None:
    decoder = Decoder()
    with pytest.raises(OpusError):
        decoder.conceal(samples)
    with pytest.raises(OpusError):
        decoder.recover(sweep_packets()[0], samples)


def test_a_rate_that_opus_does_not_have_says_so() -> None:
    with pytest.raises(OpusError, match="invalid argument"):
        Decoder(44_100)  # type: ignore[arg-type]
    with pytest.raises(OpusError, match="invalid argument"):
        Decoder(channels=3)  # type: ignore[arg-type]


def test_without_a_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "_of_pyav", lambda: iter([Path("/nowhere/libopus.so")]))
    monkeypatch.setattr(libopus, "_SYSTEM", ("libc.so.6",))  # there, and not libopus
    libopus.library.cache_clear()
    try:
        with pytest.raises(OpusUnavailable, match="libopus0"):
            Decoder()
    finally:
        libopus.library.cache_clear()


def test_the_library_of_the_system_does_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "_of_pyav", lambda: iter([]))
    libopus.library.cache_clear()
    try:
        try:
            decoder = Decoder()
        except OpusUnavailable:
            pytest.skip("this machine has no libopus of its own")
        out = np.concatenate([decoder.decode(packet) for packet in sweep_packets(1)])
        assert likeness(out[FRAME * 5 :], np.roll(sweep(1), 312)[FRAME * 5 :]) > 0.95
    finally:
        libopus.library.cache_clear()


def test_decoders_leave_nothing_behind() -> None:
    def size() -> int:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages)

    for _ in range(200):
        Decoder().decode(sweep_packets()[0])
    gc.collect()
    before = size()
    for _ in range(5000):
        Decoder().decode(sweep_packets()[0])
    assert size() - before < 2000, "pages of 4 KiB; each decoder has about 30 KiB"


def encoded(encoder: Encoder, samples: Samples) -> list[bytes]:
    size = encoder.frame
    return [
        encoder.encode(samples[begin : begin + size])
        for begin in range(0, len(samples) - size + 1, size)
    ]


@pytest.mark.parametrize("rate", get_args(Rate))
def test_what_is_encoded_is_heard(rate: Rate) -> None:
    samples = sweep(1)[:: RATE // rate]
    packets = encoded(Encoder(rate), samples)
    assert {opus.samples(packet) for packet in packets} == {FRAME}
    out = decoded(packets)
    spectrum = np.abs(np.fft.rfft(out[RATE // 2 : RATE // 2 + RATE // 10].astype(float)))
    assert np.argmax(spectrum) * 10 == pytest.approx(410, abs=20)


def test_speech_carries_copies_for_a_network_that_loses_some() -> None:
    with_copies = encoded(Encoder(loss=10), speech())
    assert sum(map(opus.has_fec, with_copies)) > len(with_copies) / 2
    assert not any(map(opus.has_fec, encoded(Encoder(loss=0), speech())))
    # A lost packet's copy sounds more like it than a guess does.
    whole = decoded(with_copies)
    better = 0
    places = [at for at in range(30, len(with_copies) - 1, 20) if opus.has_fec(with_copies[at + 1])]
    for at in places:
        likenesses = []
        for following in (with_copies[at + 1], None):
            decoder = Decoder()
            for packet in with_copies[:at]:
                decoder.decode(packet)
            made = decoder.recover(following, FRAME) if following else decoder.conceal(FRAME)
            likenesses.append(likeness(made + np.int16(1), whole[at * FRAME : (at + 1) * FRAME]))
        better += likenesses[0] > likenesses[1]
    assert len(places) > 5
    assert better > len(places) * 0.7


def test_the_bit_rate_is_kept_to() -> None:
    for bit_rate in (16_000, 40_000):
        packets = encoded(Encoder(bit_rate=bit_rate, dtx=False), speech())
        assert sum(map(len, packets)) * 8 / len(packets) * 50 == pytest.approx(bit_rate, rel=0.3)


def test_a_silence_needs_few_packets() -> None:
    encoder = Encoder()
    encoded(encoder, speech())
    assert not encoder.silent
    packets = encoded(encoder, np.zeros(3 * RATE, np.int16))
    assert encoder.silent
    assert sum(map(opus.is_pause, packets)) > len(packets) * 0.8
    # RFC 7587 §3.1.3: comfort noise is renewed every 400 ms.
    pauses = [opus.is_pause(packet) for packet in packets]
    assert not any(all(pauses[at : at + 21]) for at in range(len(pauses) - 21))
    encoder.encode(speech()[RATE : RATE + FRAME])
    assert not encoder.silent
    always = Encoder(dtx=False)
    assert not any(map(opus.is_pause, encoded(always, np.zeros(RATE, np.int16))))


@pytest.mark.parametrize("samples", [np.zeros(959, np.int16), np.zeros(960, np.int32)])
def test_only_whole_packets_are_encoded(samples: Samples) -> None:
    with pytest.raises(OpusError, match="960 samples of int16"):
        Encoder().encode(samples)


def test_strided_samples_are_encoded_as_they_read() -> None:
    samples = speech()[: FRAME * 40]
    strided = np.repeat(samples, 2)[::2]
    assert encoded(Encoder(), strided) == encoded(Encoder(), samples)


def test_an_encoder_that_opus_does_not_have_says_so() -> None:
    with pytest.raises(OpusError, match="invalid argument"):
        Encoder(44_100)  # type: ignore[arg-type]
    with pytest.raises(OpusError, match="invalid argument"):
        Encoder(loss=101)
