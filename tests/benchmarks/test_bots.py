"""What the benchmarks of bots count as a gap, and as growth."""

from __future__ import annotations

import struct

import pytest

from benchmarks._callers import Heard
from benchmarks._many_calls import Course


def packet(number: int, stamp: int) -> bytes:
    """RFC 3550 section 5.1."""
    return struct.pack("!BBHII", 0x80, 111, number % 65536, stamp % (1 << 32), 1) + b"sound"


def heard(*packets: tuple[float, int, int]) -> Heard:
    """Of (seconds, number, time stamp)."""
    all_of_it = Heard()
    for at, number, stamp in packets:
        all_of_it.note(at, packet(number, stamp))
    return all_of_it


def test_a_packet_every_20_ms_is_no_gap() -> None:
    steady = heard(*((n * 0.02, n, n * 960) for n in range(100)))
    assert steady.gaps == []
    assert steady.packets == 100


def test_a_late_packet_is_a_gap_of_what_nobody_heard() -> None:
    late = heard((0.0, 0, 0), (0.02, 1, 960), (0.11, 2, 1920))
    assert late.gaps == [pytest.approx(0.09)]


def test_silence_that_is_not_sent_is_none() -> None:
    assert heard((0.0, 0, 0), (0.4, 1, 20 * 960)).gaps == []
    assert heard((0.0, 0, 0), (0.5, 1, 20 * 960)).gaps == [pytest.approx(0.12)]


def test_numbers_and_time_stamps_wrap() -> None:
    assert heard((0.0, 65535, (1 << 32) - 960), (0.02, 0, 0)).gaps == []
    assert heard((0.0, 65535, (1 << 32) - 960), (0.1, 0, 0)).gaps == [pytest.approx(0.1)]


def test_a_peak_is_no_growth_but_a_slope_is() -> None:
    peak = Course(memory=[(n, 200.0 + (50.0 if n == 77 else 0.0)) for n in range(100)])
    assert peak.growth() == 0.0
    slope = Course(memory=[(n, 200.0 + n) for n in range(100)])
    assert slope.growth() == pytest.approx(80.0)
