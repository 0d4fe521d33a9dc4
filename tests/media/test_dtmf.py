"""Telephone events: each press told once, whatever the network did to its packets."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterable

import pytest

from voip.media.dtmf import KEYS, DigitListener, DigitReader, Press
from voip.media.packets import EventPacket


def packet(
    code: int,
    duration: int,
    *,
    timestamp: int = 1000,
    end: bool = False,
    begins: bool = False,
    arrival: float = 0.0,
    ssrc: int = 7,
) -> EventPacket:
    payload = struct.pack("!BBH", code, 0x8A if end else 0x0A, duration)
    return EventPacket(payload, timestamp, ssrc, begins, 48_000, arrival)


def press(code: int, timestamp: int, *, arrival: float = 0.0) -> list[EventPacket]:
    """100 ms as browsers send it: a packet every 20 ms, the last one three times."""
    updates = [
        packet(code, 960 * n, timestamp=timestamp, begins=n == 1, arrival=arrival + 0.02 * n)
        for n in range(1, 5)
    ]
    last = packet(code, 4800, timestamp=timestamp, end=True, arrival=arrival + 0.1)
    return [*updates, last, last, last]


def read(packets: Iterable[EventPacket], reader: DigitReader | None = None) -> list[Press]:
    reader = reader or DigitReader()
    return [one for each in packets for one in reader.read(each)]


def test_every_key_is_told_once_with_its_time() -> None:
    packets = [each for code in range(16) for each in press(code, 10_000 * code)]
    presses = read(packets)
    assert "".join(one.digit for one in presses) == KEYS == "0123456789*#ABCD"
    assert {one.seconds for one in presses} == {0.1}


def test_the_same_key_twice_is_two_presses() -> None:
    assert len(read([*press(5, 1000), *press(5, 9000)])) == 2


@pytest.mark.parametrize("lost", list(itertools.combinations(range(7), 3)))
def test_a_press_survives_any_three_lost_packets(lost: tuple[int, ...]) -> None:
    reader = DigitReader()
    kept = [one for number, one in enumerate(press(3, 1000)) if number not in lost]
    presses = read([*kept, *press(4, 9000)], reader)
    assert [one.digit for one in presses] == ["3", "4"]


def test_an_end_that_never_comes_is_not_waited_for_longer_than_patience() -> None:
    reader = DigitReader()
    assert read(press(9, 1000)[:3], reader) == []
    assert reader.open
    assert reader.expire(0.06 + DigitReader.PATIENCE - 0.01) == []
    assert reader.expire(0.06 + DigitReader.PATIENCE) == [Press("9", 0.06)]
    # What comes after all belongs to it.
    assert read(press(9, 1000)[3:], reader) == []


def test_late_and_reordered_packets_of_a_press_that_was_told_say_nothing() -> None:
    first, second = press(1, 1000), press(2, 9000)
    presses = read([*first[:5], *second[:2], *first[5:], first[0], *second[2:]])
    assert [one.digit for one in presses] == ["1", "2"]


def test_any_order_within_each_press_gives_the_same_digits() -> None:
    dice = random.Random(1)  # noqa: S311 - reproducible, not secret
    for _ in range(50):
        packets = []
        for number, code in enumerate((1, 1, 12, 15)):
            one = press(code, 9000 * number)
            dice.shuffle(one)
            packets += one
        assert [each.digit for each in read(packets)] == ["1", "1", "A", "D"]


def test_a_press_in_segments_is_one_press() -> None:
    """RFC 4733 §2.5.1.3: longer than a packet can tell. Browsers begin the next segment at the
    time of the sound, a little after the end of the one before."""
    start = (1 << 32) - 30_000
    second = (start + 0xFFFF + 700) % (1 << 32)
    packets = [
        packet(6, 60_000, timestamp=start, begins=True),
        packet(6, 0xFFFF, timestamp=start),
        packet(6, 20_000, timestamp=second),
        *[packet(6, 30_465, timestamp=second, end=True)] * 3,
    ]
    assert read(packets) == [Press("6", 2.0)]


def test_a_new_press_of_the_same_key_after_a_long_one_is_its_own() -> None:
    packets = [packet(6, 0xFFFF, begins=True)]
    packets += [packet(6, 960, timestamp=1000 + 0xFFFF + 480, begins=True, end=True)]
    assert len(read(packets)) == 2


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x01\x8a\x03", b"\x10\x8a\x03\xc0"])
def test_what_is_no_key_says_nothing(payload: bytes) -> None:
    assert read([EventPacket(payload, 1, 1, True, 48_000, 0.0)]) == []


def test_the_clock_rate_is_that_of_the_payload_type() -> None:
    payload = struct.pack("!BBH", 1, 0x8A, 800)
    assert read([EventPacket(payload, 1, 1, True, 8000, 0.0)]) == [Press("1", 0.1)]


async def test_a_flood_of_presses_is_bounded() -> None:
    told: list[Press] = []
    listener = DigitListener(told.append)
    for number in range(10_000):
        listener.event(packet(1, 960, timestamp=number, end=True, arrival=5.0))
    assert len(told) == DigitListener.MAX_A_SECOND
    listener.event(packet(1, 960, timestamp=77_777, end=True, arrival=6.5))
    assert len(told) == DigitListener.MAX_A_SECOND + 1
    listener.close()
