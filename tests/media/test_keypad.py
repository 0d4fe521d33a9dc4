"""Which packets a press is made of."""

from __future__ import annotations

import struct

import pytest

from voip.media.dtmf import DigitReader
from voip.media.keypad import EventSlot, Pause, slots
from voip.media.packets import EventPacket


def test_a_press_is_updates_three_ends_and_a_pause() -> None:
    made = slots("5", clock_rate=48_000, seconds=0.1, gap=0.07)
    events = [one for one in made if isinstance(one, EventSlot)]
    told = [struct.unpack("!BBH", one.payload) for one in events]
    assert [duration for _, _, duration in told] == [960, 1920, 2880, 3840, 4800, 4800, 4800]
    assert [bool(flags & 0x80) for _, flags, _ in told] == [False] * 4 + [True] * 3
    assert {code for code, _, _ in told} == {5}
    assert [one.begins for one in events] == [True] + [False] * 6
    assert [one.behind for one in events] == list(range(7))
    # 100 ms of press and at least 70 ms until the next, of which two slots repeat the end.
    assert made[7:] == [Pause(), Pause()]


@pytest.mark.parametrize("clock_rate", [8000, 48_000])
@pytest.mark.parametrize("seconds", [0.04, 0.055, 0.1, 1.3])
def test_what_is_made_is_read_back(clock_rate: int, seconds: float) -> None:
    reader = DigitReader()
    read = []
    made = slots("1a*D", clock_rate=clock_rate, seconds=seconds, gap=0.03)
    for position, slot in enumerate(made):
        if isinstance(slot, EventSlot):
            timestamp = (position - slot.behind) * 960
            packet = EventPacket(slot.payload, timestamp, 1, slot.begins, clock_rate, 0.0)
            read += reader.read(packet)
    assert "".join(one.digit for one in read) == "1A*D"
    assert {round(one.seconds, 3) for one in read} == {seconds}


@pytest.mark.parametrize(
    ("digits", "seconds", "gap"),
    [
        ("", 0.1, 0.07),
        ("12E", 0.1, 0.07),
        ("1 2", 0.1, 0.07),
        ("1" * 129, 0.1, 0.07),
        ("1", 0.03, 0.07),
        ("1", 1.4, 0.07),
        ("1", float("nan"), 0.07),
        ("1", 0.1, 0.02),
        ("1", 0.1, 11),
    ],
)
def test_what_no_receiver_would_understand_is_refused(
    digits: str, seconds: float, gap: float
) -> None:
    with pytest.raises(ValueError, match="must be"):
        slots(digits, clock_rate=48_000, seconds=seconds, gap=gap)
