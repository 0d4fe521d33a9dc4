"""What is heard of real Opus packets, on a virtual clock."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.media.audio import (
    FRAME,
    RATE,
    Samples,
    encode,
    pitch,
    rms,
    rtp,
    speech,
    sweep,
    sweep_packets,
)
from tests.media.playing import late
from tests.media.test_libopus import with_fec
from voip.media.clips import encode as encode_clip
from voip.media.hearing import Hearing
from voip.media.libopus import Decoder, Rate
from voip.media.packets import AudioPacket
from voip.media.sounds import Tone


def heard(
    packets: Sequence[AudioPacket], rate: Rate = 48_000, rest: float = 0.1
) -> tuple[Samples, Hearing]:
    """Everything that comes out, from the first sound on."""
    hearing = Hearing(rate)
    waiting, parts = list(packets), []
    begin = packets[0].arrival + 0.01
    end = max(packet.arrival for packet in packets) + rest
    for tick in np.arange(begin, end, 0.02):
        while waiting and waiting[0].arrival <= tick:
            hearing.add(waiting.pop(0))
        frame = hearing.frame(float(tick))
        if frame is not None:
            assert frame.dtype == np.int16
            assert frame.shape == (rate // 50,)
            parts.append(frame)
        else:
            assert not parts, "once there is sound it goes on"
    return np.concatenate(parts), hearing


def losing(packets: Sequence[AudioPacket], share: float) -> list[AudioPacket]:
    dice = random.Random(8)  # noqa: S311 - reproducible, not secret
    return [packet for packet in packets if dice.random() >= share]


def clarity(out: Samples, original: Samples) -> float:
    """Per cent of the 100 ms pieces in which `out` has the original's loudness, within 3 dB.

    The delay may have changed by 40 ms, which does not matter for pieces of this length.
    """
    size = RATE // 10
    count = min(len(out), len(original)) // size
    pairs = [
        (rms(out[i * size : (i + 1) * size]), rms(original[i * size : (i + 1) * size]))
        for i in range(count)
    ]
    spoken = [(a, b) for a, b in pairs if b > 500]
    return 100 * sum(0.7 < a / b < 1.4 for a, b in spoken) / len(spoken)


def test_without_trouble_it_is_what_a_decoder_gives() -> None:
    packets = list(rtp(sweep_packets(1)))
    out, hearing = heard(packets)
    decoder = Decoder()
    plain = np.concatenate([decoder.decode(packet) for packet in sweep_packets(1)])
    assert np.array_equal(out[: 45 * FRAME], plain[: 45 * FRAME])
    assert hearing.counts.played == 50


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_tone_of_our_own_is_heard_at_any_rate(rate: Rate) -> None:
    packets = list(rtp(encode_clip(Tone(hertz=700, seconds=1.0))))
    out, _ = heard(packets, rate)
    part = out[rate // 5 : rate // 5 + rate // 10].astype(float)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    assert np.argmax(spectrum) * 10 == pytest.approx(700, abs=20)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_what_is_lost_of_a_tone_cannot_be_heard_as_a_gap(share: float) -> None:
    packets = list(rtp(encode_clip(Tone(hertz=440, seconds=4.0))))[:200]
    kept = losing(packets, share)
    assert len(kept) < len(packets)
    out, hearing = heard(kept, rest=0.0)
    assert hearing.counts.concealed > 0
    within = out[RATE // 2 : 3 * RATE]
    pieces = [rms(piece) for piece in within.reshape(-1, FRAME // 2)]
    assert min(pieces) > 0.4 * float(np.median(pieces))


def test_speech_that_is_lost_in_part_stays_clear() -> None:
    packets = list(rtp(encode(speech())))
    whole, _ = heard(packets)
    out, hearing = heard(losing(packets, 0.05))
    assert hearing.counts.concealed > 3 * FRAME
    assert clarity(out, whole) > 90


def test_speech_with_copies_is_recovered_and_not_guessed() -> None:
    packets = list(rtp(list(with_fec()) * 3))
    _, hearing = heard(losing(packets, 0.05))
    assert hearing.counts.recovered > 2 * hearing.counts.concealed


def test_a_stall_costs_a_pause_and_nothing_that_was_said() -> None:
    packets = list(rtp(encode(sweep(12))))
    whole = sweep(12)
    delays = [0.3 - 0.02 * (place - 150) if 150 <= place < 165 else 0.0 for place in range(598)]
    out, hearing = heard(late(packets[:598], *delays), rest=0.0)
    assert hearing.counts.late == hearing.counts.overdue == hearing.counts.left_out == 0
    # At the end it is as far behind as at the beginning: nothing of the 300 ms is left.
    assert pitch(out, 2.5) == pytest.approx(pitch(whole, 2.5), abs=30)
    assert pitch(out, 4.5) < pitch(whole, 4.5) - 20
    assert pitch(out, 11.0) == pytest.approx(pitch(whole, 11.0), abs=30)


def test_a_pause_of_the_sender_is_silence() -> None:
    talk = list(rtp([*encode(sweep(1))[:50], b"\xf8"]))
    again = [
        replace(
            packet,
            sequence=packet.sequence + 51,
            timestamp=packet.timestamp + 2 * RATE,
            arrival=packet.arrival + 2.0,
        )
        for packet in rtp(encode(sweep(1))[:50])
    ]
    out, hearing = heard([*talk, *again], rest=0.0)
    assert hearing.counts.concealed == 0
    assert rms(out[round(1.3 * RATE) : round(1.7 * RATE)]) == 0
    assert rms(out[round(0.5 * RATE) : RATE]) > 3000
    assert rms(out[round(2.5 * RATE) : round(2.9 * RATE)]) > 3000


def test_another_stream_is_decoded_by_itself() -> None:
    first = list(rtp(sweep_packets(1)))
    second = [replace(p, arrival=p.arrival + 1.0) for p in rtp(encode(sweep(1, 2000)), ssrc=2)]
    out, _ = heard([*first, *second], rest=0.0)
    assert pitch(out, 0.5) == pytest.approx(400, abs=40)
    assert pitch(out, 1.6) == pytest.approx(2100, abs=60)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 1, 0, 2, -3, 40, 4000]),
            st.sampled_from([960, 960, 960, 0, 480, 40_000, -960, 1 << 31]),
            st.sampled_from([0.02, 0.02, 0.0, 0.1, 1.5]),
            st.one_of(
                st.sampled_from([*sweep_packets(1), *with_fec()[50:80]]), st.binary(max_size=40)
            ),
        ),
        max_size=60,
    )
)
def test_whatever_comes_there_is_sound_and_no_error(
    steps: list[tuple[int, int, float, bytes]],
) -> None:
    sequence, timestamp, arrival = 0, 0, 50.0
    packets = []
    for ahead, samples, wait, payload in steps:
        sequence, timestamp = (sequence + ahead) % (1 << 16), (timestamp + samples) % (1 << 32)
        arrival += wait
        packets.append(AudioPacket(payload, sequence, timestamp, 1, arrival, None))
    if any(len(packet.payload) > 1 for packet in packets):
        hearing = Hearing(16_000)
        tick, waiting = packets[0].arrival, list(packets)
        while tick < arrival + 1:
            while waiting and waiting[0].arrival <= tick:
                hearing.add(waiting.pop(0))
            frame = hearing.frame(tick)
            assert frame is None or frame.shape == (320,)
            tick += 0.02
