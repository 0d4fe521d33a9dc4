"""Keys that we press: which telephone event packets a call sends, slot by slot (RFC 4733)."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from voip.media.dtmf import KEYS, MAX_UNITS

SLOT = 0.02
"""Seconds; events take the places of audio packets."""
MIN_SECONDS, MAX_SECONDS = 0.04, 1.3
"""Of a press: what receivers recognise, and what one packet's duration can hold at 48 kHz."""
MIN_GAP, MAX_GAP = 0.03, 10.0
MAX_DIGITS = 128


@dataclass(frozen=True, slots=True)
class EventSlot:
    """One packet of a telephone event."""

    payload: bytes
    behind: int
    """Slots since the event began: all its packets carry the timestamp of its beginning."""
    begins: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A slot between two presses, in which the sound is silent."""


def slots(digits: str, *, clock_rate: int, seconds: float, gap: float) -> list[EventSlot | Pause]:
    """The packets for `digits`, 20 ms each.

    Raises ValueError for what no key says and for times that a receiver would not understand.
    """
    codes = [KEYS.find(digit) for digit in digits.upper()]
    if not codes or min(codes) < 0 or len(codes) > MAX_DIGITS:
        raise ValueError(f"digits must be 1 to {MAX_DIGITS} of {KEYS}")
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise ValueError(f"a key must be pressed for {MIN_SECONDS} to {MAX_SECONDS} seconds")
    if not MIN_GAP <= gap <= MAX_GAP:
        raise ValueError(f"the gap between two keys must be {MIN_GAP} to {MAX_GAP} seconds")
    return [slot for code in codes for slot in _press(code, clock_rate, seconds, gap)]


def _press(code: int, clock_rate: int, seconds: float, gap: float) -> Iterator[EventSlot | Pause]:
    count = math.ceil(round(seconds / SLOT, 6))
    units = min(round(seconds * clock_rate), MAX_UNITS)
    for number in range(count - 1):
        duration = round((number + 1) * SLOT * clock_rate)
        yield EventSlot(_payload(code, duration), number, begins=number == 0)
    # RFC 4733 §2.5.1.4: the last packet is sent three times, for one that is lost.
    for number in range(count - 1, count + 2):
        yield EventSlot(_payload(code, units, end=True), number, begins=number == 0)
    for _ in range(math.ceil(round(gap / SLOT, 6)) - 2):
        yield Pause()


def _payload(code: int, duration: int, *, end: bool = False) -> bytes:
    # RFC 4733 §2.3: event; E, R and 6 bits of volume in -dBm0 (10, as browsers send); duration.
    return struct.pack("!BBH", code, (0x80 if end else 0) | 10, duration)
