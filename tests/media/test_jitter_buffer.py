"""Loss, lateness and silence, on a virtual clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.media.audio import rtp
from tests.media.playing import Listener, late, without
from voip.media import opus
from voip.media.decisions import Conceal, NothingYet, Pace, Play, Recover, Silence
from voip.media.delay import Delay
from voip.media.jitter_buffer import JitterBuffer
from voip.media.packets import AudioPacket

SPEECH = b"\x78\x00" + b"speech" * 10
"""Hybrid fullband, 20 ms, no FEC: as far as a jitter buffer looks."""
WITH_FEC = b"\x78\x40" + b"speech" * 10
"""The second bit says that a copy of the packet before is inside."""
PAUSE = opus.DTX


def packets(count: int, payload: bytes = SPEECH, sequence: int = 100) -> list[AudioPacket]:
    return list(rtp([payload] * count, sequence=sequence))


def shifted(items: list[AudioPacket], *, seconds: float = 0, samples: int = 0) -> list[AudioPacket]:
    """Sent later, and with other timestamps."""
    return [
        replace(
            one,
            arrival=one.arrival + seconds,
            timestamp=(one.timestamp + samples) % (1 << 32),
        )
        for one in items
    ]


def numbers(items: list[AudioPacket]) -> list[int]:
    return [one.sequence for one in items]


def settled() -> tuple[Listener, list[AudioPacket]]:
    """A listener after 4 s without trouble, and the packets of the 10 s after that."""
    items = packets(700)
    return Listener().listen(items[:200]), items[200:]


def test_nothing_is_heard_before_the_first_packet_is_due() -> None:
    buffer = JitterBuffer()
    assert buffer.decide(0.0, quiet=True) == NothingYet()
    (first,) = packets(1)
    buffer.add(first)
    assert buffer.decide(first.arrival + Delay.START - 0.001, quiet=True) == NothingYet()
    assert buffer.decide(first.arrival + Delay.START, quiet=True) == Play(first, Pace.AS_IT_IS)


def test_without_trouble_every_packet_is_played_and_the_delay_gets_short() -> None:
    items = packets(500)
    listener = Listener().listen(items, rest=0.1)
    assert listener.played()[:490] == numbers(items)[:490]
    assert not listener.buffer.counts.concealed - listener.samples(Conceal)
    assert max(list(listener.delays().values())[-100:]) <= Delay.SHORTEST + 0.02


def test_a_lost_packet_is_concealed_for_as_long_as_it_was_and_the_delay_stays() -> None:
    listener, items = settled()
    before = listener.delays()[290]
    listener.listen(without(items, 50, 90, 91))
    assert listener.samples(Conceal) == 3 * opus.FRAME
    assert set(numbers(items)) - set(listener.played()) <= {350, 390, 391} | set(range(795, 800))
    assert listener.delays()[700] == pytest.approx(before, abs=0.011)


def test_what_is_lost_is_recovered_from_the_copy_in_the_packet_after_it() -> None:
    items = packets(500, WITH_FEC)
    listener = Listener().listen(without(items, 50, 200, 201, 300))
    recovered = [one.following.sequence for one in listener.of(Recover) if isinstance(one, Recover)]
    # The first loss teaches to wait for copies; of two packets the second one has a copy.
    assert set(recovered) >= {302, 401} - {0}
    assert listener.samples(Conceal) <= 2 * opus.FRAME
    assert listener.buffer.counts.recovered == len(recovered) * opus.FRAME


def test_reordered_packets_are_played_in_order() -> None:
    items = packets(300, sequence=65_400)
    mixed = late(items, *[0.05 if place % 3 == 0 else 0.0 for place in range(300)])
    assert numbers(mixed) != numbers(items)
    listener = Listener().listen(mixed)
    order = [(one - 65_400) % 65_536 for one in listener.played()]
    assert order == sorted(order)
    assert len(order) > 290
    assert listener.buffer.counts.late <= 2


def test_copies_are_counted_and_not_played() -> None:
    items = [packet for packet in packets(100) for _ in range(2)]
    listener = Listener().listen(items, rest=0.2)
    assert listener.played() == numbers(packets(100))
    assert listener.buffer.counts.duplicates == 100
    assert listener.buffer.counts.late == 0


def test_what_comes_after_its_place_was_played_is_counted() -> None:
    listener, items = settled()
    listener.listen(late(items, *[0.0] * 20, 0.2))
    assert listener.buffer.counts.late == 1
    assert 320 not in listener.played()


def test_what_is_no_opus_is_counted() -> None:
    buffer = JitterBuffer()
    for payload in (b"", b"\xfb", b"\xfb\x00"):
        buffer.add(replace(packets(1)[0], payload=payload))
    assert buffer.counts.refused == 3
    assert buffer.decide(2000.0, quiet=True) == NothingYet()


@pytest.mark.parametrize(("sequence", "timestamp"), [(65_530, 0), (0, (1 << 32) - 5000)])
def test_numbers_that_wrap_are_no_event(sequence: int, timestamp: int) -> None:
    items = list(rtp([SPEECH] * 100, sequence=sequence, timestamp=timestamp))
    listener = Listener().listen(items, rest=0.2)
    assert listener.played() == numbers(items)
    before_the_end = [one for at, one in listener.decided if at < items[-1].arrival]
    assert not [one for one in before_the_end if isinstance(one, Conceal | Silence)]


def test_time_that_passes_without_a_missing_number_is_silence() -> None:
    talk = packets(50)
    pause = shifted(packets(1, PAUSE, sequence=150), seconds=1.0, samples=50 * 960)
    again = shifted(packets(50, sequence=151), seconds=1.4, samples=70 * 960)
    listener = Listener().listen([*talk, *pause, *again])
    assert listener.samples(Conceal) == 0
    assert listener.samples(Silence) == pytest.approx(19 * opus.FRAME, abs=3 * opus.FRAME)
    assert listener.delays()[190] <= Delay.SHORTEST + 0.03


def test_a_sender_that_stops_is_guessed_for_a_moment_and_then_silent() -> None:
    items = packets(50)
    listener = Listener().listen(items, rest=5.0)
    assert listener.samples(Conceal) == JitterBuffer.GUESS
    assert listener.samples(Silence) > 4.5 * opus.SAMPLE_RATE


def test_a_burst_of_loss_leaves_the_delay_as_it_was() -> None:
    listener, items = settled()
    before = listener.delays()[290]
    listener.listen(without(items, *range(50, 65)))
    assert listener.delays()[320] == pytest.approx(before, abs=0.011)
    assert listener.delays()[380] == pytest.approx(before, abs=0.02)
    assert listener.samples(Conceal) == JitterBuffer.GUESS


@pytest.mark.parametrize("quiet", [False, True])
def test_the_delay_of_a_stall_is_given_back_within_five_seconds(quiet: bool) -> None:
    listener, items = settled()
    before = listener.delays()[290]
    listener.quiet = quiet
    held_up = [0.0] * 50 + [0.3 - 0.02 * place for place in range(15)]
    listener.listen(late(items, *held_up))
    assert listener.delays()[380] > before + 0.2, "it is kept for a while: stalls come in groups"
    assert listener.delays()[350 + 15 + 250] <= before + 0.02
    left_out = listener.buffer.counts.left_out
    assert left_out > 5 if quiet else left_out == 0
    assert listener.buffer.counts.late == 0


def test_speech_is_shortened_now_and_then_only() -> None:
    listener, items = settled()
    listener.listen(late(items, *[0.0] * 50, *[0.3 - 0.02 * place for place in range(15)]))
    paces = [play.pace for _, play in listener.plays()]
    for begin in range(len(paces) - 3):
        assert paces[begin : begin + 3].count(Pace.SHORTER) <= 1


def test_stalls_that_come_again_and_again_are_waited_for() -> None:
    items = packets(1500)
    delays = [0.2 - 0.02 * (place % 50) if place % 50 < 10 else 0.0 for place in range(1500)]
    listener = Listener().listen(late(items, *delays))
    second_half = [one for at, one in listener.decided if at > items[750].arrival]
    assert not [one for one in second_half if isinstance(one, Conceal | Silence)]
    assert listener.buffer.wanted == pytest.approx(0.21, abs=0.02)


def test_after_a_stall_of_seconds_what_is_too_old_is_thrown_away() -> None:
    listener, items = settled()
    listener.listen(late(items, *[3.0 - 0.02 * place for place in range(150)]))
    assert listener.buffer.counts.overdue > 50
    assert listener.delays()[300 + 150 + 10] < 1.1
    assert listener.delays()[790] <= Delay.SHORTEST + 0.03


def test_the_buffer_is_bounded_where_nobody_takes_anything() -> None:
    buffer = JitterBuffer()
    for packet in packets(10_000):
        buffer.add(packet)
    assert buffer.waiting == JitterBuffer.CAPACITY


def test_another_stream_goes_on_where_the_first_one_ends() -> None:
    first = packets(100)
    second = shifted(list(rtp([SPEECH] * 100, sequence=9, timestamp=77, ssrc=2)), seconds=2.0)
    listener = Listener().listen([*first, *second], rest=0.1)
    assert listener.played() == numbers(first) + numbers(second)
    assert listener.delays()[100] <= Delay.START + 0.02


@pytest.mark.parametrize("sequence", [20_000, 60_000])
def test_a_sender_that_begins_anew_is_heard_at_once(sequence: int) -> None:
    first = packets(100)
    second = shifted(packets(100, sequence=sequence), seconds=2.0, samples=123_456_789)
    listener = Listener().listen([*first, *second], rest=0.1)
    assert listener.played() == numbers(first) + numbers(second)


@pytest.mark.parametrize("jump", [48_000 * 3600, -48_000 * 3600, 1 << 31, -960, -48_000, 200_000])
def test_a_clock_that_jumps_costs_nothing(jump: int) -> None:
    first = packets(100)
    second = shifted(packets(100, sequence=200), seconds=2.0, samples=100 * 960 + jump)
    listener = Listener().listen([*first, *second], rest=0.3)
    assert listener.played()[:195] == (numbers(first) + numbers(second))[:195]


@pytest.mark.parametrize("step", [0, 160, 480, 1920, 5000])
def test_a_clock_that_runs_at_another_rate_costs_no_sound(step: int) -> None:
    items = [replace(one, timestamp=place * step) for place, one in enumerate(packets(500))]
    listener = Listener().listen(items, rest=0.5)
    assert len(set(listener.played())) >= 490
    assert max(listener.delays().values()) <= Delay.LONGEST


def test_a_clock_that_stood_still_while_on_hold_is_believed_after_a_while() -> None:
    """Some senders stop their timestamps with their packets."""
    first = packets(100)
    second = shifted(packets(500, sequence=200), seconds=62.0, samples=100 * 960)
    listener = Listener().listen([*first, *second])
    assert len(set(listener.played()) & set(numbers(second))) > 490
    assert max(list(listener.delays().values())[110:]) < 0.7
    assert listener.delays()[690] <= 0.1


@pytest.mark.parametrize(
    ("payload", "milliseconds"), [(b"\x70", 10), (b"\x79", 40), (b"\x1a", 120)]
)
def test_packets_of_any_length_follow_each_other(payload: bytes, milliseconds: int) -> None:
    samples = milliseconds * 48
    body = payload + (b"\x01" if payload[0] & 3 == 2 else b"") + b"x" * 40
    assert opus.samples(body) == samples
    items = [
        AudioPacket(body, place, place * samples, 1, 1000 + place * milliseconds / 1000, None)
        for place in range(200)
    ]
    listener = Listener().listen(items)
    assert len(listener.played()) > 180
    assert listener.samples(Silence) == 0
    assert listener.samples(Conceal) <= 10 * samples


# What a network and a sender may do from one packet to the next.
Step = tuple[int, int, float, int, bytes]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 1, 1, 0, 2, -1, -3, 5, 90, -120, 4000, 32_768]),  # sequence
        st.sampled_from([960, 960, 960, 960, 0, 480, 19_200, -960, -96_000, 1 << 30, 1 << 31]),
        st.sampled_from([0.02, 0.02, 0.02, 0.0, 0.001, 0.1, 0.7, 3.0]),  # arrival
        st.sampled_from([0, 0, 0, 0, 0, 0, 0, 1, 2]),  # SSRC
        st.sampled_from([SPEECH, SPEECH, SPEECH, WITH_FEC, PAUSE, b"", b"\xfb\x06", b"\x80xx"]),
    ),
    min_size=1,
    max_size=80,
)


def stepped(steps: list[Step]) -> list[AudioPacket]:
    sequence, timestamp, arrival = 0, 0, 1000.0
    items = []
    for ahead, samples, wait, ssrc, payload in steps:
        sequence, timestamp = (sequence + ahead) % (1 << 16), (timestamp + samples) % (1 << 32)
        arrival += wait
        items.append(AudioPacket(payload, sequence, timestamp, ssrc, arrival, None))
    return items


@settings(deadline=None, max_examples=150)
@given(st.lists(STEPS, min_size=1, max_size=4), st.booleans())
def test_whatever_comes_the_output_goes_on_and_is_bounded(
    calls: list[list[Step]], quiet: bool
) -> None:
    for steps in calls:
        items = stepped(steps)
        listener = Listener(quiet=quiet).listen(items, rest=4.0)
        counts = listener.buffer.counts
        assert listener.buffer.waiting == 0
        assert counts.played + counts.left_out == len(listener.plays())
        fates = counts.played + counts.left_out + counts.duplicates + counts.late
        assert fates + counts.overdue + counts.refused == len(items), "each has one fate"
        each = [id(play.packet) for _, play in listener.plays()]
        assert len(each) == len(set(each)), "nothing is played twice"
        for _, decision in listener.decided:
            if isinstance(decision, Conceal | Silence | Recover):
                assert 0 < decision.samples <= opus.MAX_PACKET
                assert decision.samples % opus.GRAIN == 0
        starts = [at for at, _ in listener.decided]
        assert starts == sorted(starts)


@settings(deadline=None, max_examples=150)
@given(st.lists(STEPS, min_size=1, max_size=4), st.integers(0, (1 << 16) - 1))
def test_one_stream_is_played_in_order_however_it_comes(calls: list[list[Step]], at: int) -> None:
    for steps in calls:
        number, newest, items = 0, 0, []
        for ahead, samples, wait, _, payload in steps:
            # Neither so late nor so far ahead that it would be another stream.
            number = max(number + min(ahead, 90), newest - 99)
            newest = max(newest, number)
            items.append((number, (samples, wait, payload)))
        steady = stepped([(0, *rest[:2], 0, rest[2]) for _, rest in items])
        numbered = [
            replace(packet, sequence=(at + place) % (1 << 16))
            for packet, (place, _) in zip(steady, items, strict=True)
        ]
        listener = Listener().listen(numbered, rest=4.0)
        order = [(one - at + 1000) % (1 << 16) for one in listener.played()]
        assert order == sorted(set(order))
