"""Statistics of a received stream, by figures that were worked out by hand."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtpPacket

from voip.media.reception import Reception

RATE = 48_000
STEP = 960
"""Ticks of 20 ms."""


def receive(stream: Reception, *sequences: int, at: float = 0.0) -> None:
    """Packets on time, 20 ms apart by their numbers."""
    for sequence in sequences:
        stream.count(sequence & 0xFFFF, sequence * STEP & 0xFFFFFFFF, 10, at + sequence * 0.02)


def test_nothing_received_is_nothing_lost() -> None:
    stream = Reception(RATE)
    assert (stream.packets_received, stream.lost, stream.packets_lost) == (0, 0, 0)
    assert (stream.fraction_lost, stream.jitter) == (0, 0)


def test_loss_by_sequence_numbers() -> None:
    stream = Reception(RATE)
    receive(stream, 10, 11, 13, 14, 17)  # 8 expected
    assert stream.packets_received == 5
    assert stream.lost == stream.packets_lost == 3
    assert stream.octets == 50
    assert stream.fraction_lost == 3 * 256 // 8
    assert stream.fraction_lost == 0  # since it was asked for last
    receive(stream, 18, 20)
    assert stream.fraction_lost == 256 // 3
    receive(stream, 12, 15)  # late, not lost after all
    assert stream.lost == 2


def test_a_packet_that_comes_twice_is_received_twice() -> None:
    """RFC 3550 §6.4.1: duplicates make the cumulative number lost less than 0."""
    stream = Reception(RATE)
    receive(stream, 1, 2, 2, 2)
    assert stream.packets_lost == -2
    assert stream.lost == 0


def test_the_numbers_wrap() -> None:
    stream = Reception(RATE)
    receive(stream, *range(65_530, 65_530 + 20))
    assert stream.lost == 0
    assert stream.max_seq == 65_549  # one cycle above 13
    assert stream.packets_received == 20


def test_a_number_far_off_is_a_stray_and_two_in_a_row_begin_the_stream_anew() -> None:
    stream = Reception(RATE)
    receive(stream, 1, 2, 4)
    receive(stream, 30_000)
    assert (stream.packets_received, stream.lost) == (3, 1)
    receive(stream, 5)
    assert (stream.packets_received, stream.lost) == (4, 1)
    receive(stream, 30_000, 30_001, 30_003)
    assert (stream.packets_received, stream.lost) == (6, 2)  # the first of the two does not count
    assert stream.packets_lost == 1  # as a report has it: of the stream that began
    assert stream.max_seq == 30_003
    assert stream.fraction_lost == 256 // 3


def test_jitter_is_a_sixteenth_of_each_difference() -> None:
    stream = Reception(RATE)
    stream.count(1, 0, 1, 100.0)
    stream.count(2, 960, 1, 100.036)  # 16 ms late
    assert stream.jitter_seconds == pytest.approx(0.001)
    stream.count(3, 1920, 1, 100.040)  # on time again: 16 ms the other way
    assert stream.jitter_seconds == pytest.approx(0.001 + 0.015 / 16)
    assert stream.jitter == pytest.approx(93, abs=1)  # ticks


def test_no_jitter_where_the_time_stamp_wraps_or_the_clock_is_another() -> None:
    stream = Reception(RATE)
    stream.count(1, 0xFFFFFFFF - 959, 1, 0.0)
    stream.count(2, 0, 1, 0.02)
    assert stream.jitter_seconds == pytest.approx(0, abs=1e-9)
    stream.count(3, 0x80000000, 1, 0.04)  # a sender that set its clock anew
    stream.count(4, 0x80000000 + 960, 1, 0.06)
    stream.count(5, None, 1, 9.0)  # a telephone event
    stream.count(6, 0x80000000 + 3 * 960, 1, 0.10)
    assert stream.jitter_seconds == pytest.approx(0, abs=1e-9)


def test_pictures_of_many_packets_are_measured_by_the_first() -> None:
    stream = Reception(90_000)
    for number, (timestamp, arrival) in enumerate([(0, 0.0), (0, 0.01), (3000, 1 / 30)]):
        stream.count(number, timestamp, 1, arrival)
    assert stream.jitter_seconds == pytest.approx(0, abs=1e-9)


def test_it_takes_what_aiortc_hands_over() -> None:
    stream = Reception(RATE)
    stream.add(RtpPacket(sequence_number=7, timestamp=1, payload=b"abc"))
    assert (stream.packets_received, stream.octets, stream.max_seq) == (1, 3, 7)


def test_a_count_that_no_report_can_hold() -> None:
    stream = Reception(RATE)
    receive(stream, *range(0, 2900 * 3000, 2900))
    assert stream.lost > 0x7FFFFF
    assert stream.packets_lost == 0x7FFFFF
    assert stream.fraction_lost == 255
