"""Telephone events (RFC 4733): the keys that the other side presses, each told once."""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from voip.media.packets import EventPacket

KEYS: Final = "0123456789*#ABCD"
"""By event code (RFC 4733 §3.2, table 3)."""
MAX_UNITS: Final = 0xFFFF
"""The longest duration that one packet can tell; longer presses come in segments."""

_PAYLOAD = struct.Struct("!BBH")
_END = 0x80
_WRAP = 1 << 32


@dataclass(frozen=True, slots=True)
class Press:
    """A key was pressed for so many seconds."""

    digit: str
    seconds: float


@dataclass(slots=True)
class _Open:
    """A press whose end was not seen yet."""

    code: int
    ssrc: int
    timestamp: int
    duration: int
    """Units of this segment so far."""
    before: int
    """Units of the segments before it."""
    clock_rate: int
    arrival: float

    def press(self) -> Press:
        return Press(KEYS[self.code], (self.before + self.duration) / self.clock_rate)


class DigitReader:
    """Takes the packets of one stream, late, lost or repeated; gives each press once.

    A press ends with its end packet, which is sent three times; where all three are lost, with
    the next press or after `PATIENCE` without a packet (RFC 4733 §2.5.2.2): call `expire`.
    """

    PATIENCE = 0.25
    """Seconds; updates come every 20 to 50 ms."""
    _SLACK = 0.1
    """Seconds by which the next segment's timestamp may miss the end of the last one."""
    _REMEMBERED = 16

    def __init__(self) -> None:
        self._open: _Open | None = None
        self._told: deque[tuple[int, int]] = deque(maxlen=self._REMEMBERED)
        """SSRC and timestamp of what was told: repeated and late packets belong to those."""

    @property
    def open(self) -> bool:
        """Whether a press waits for its end."""
        return self._open is not None

    def read(self, packet: EventPacket) -> list[Press]:
        """The presses that this packet ends, in order."""
        if len(packet.payload) < _PAYLOAD.size:
            return []
        code, flags, duration = _PAYLOAD.unpack_from(packet.payload)
        if code >= len(KEYS) or (packet.ssrc, packet.timestamp) in self._told:
            return []
        ended = self._place(packet, code, duration)
        if flags & _END:
            ended += self._close()
        return ended

    def expire(self, now: float) -> list[Press]:
        """The press whose packets stopped coming; `now` is on the clock of the arrivals."""
        if self._open is None or now - self._open.arrival < self.PATIENCE:
            return []
        return self._close()

    def _place(self, packet: EventPacket, code: int, duration: int) -> list[Press]:
        now = self._open
        ended: list[Press] = []
        if now and (now.ssrc, now.timestamp) == (packet.ssrc, packet.timestamp):
            now.duration = max(now.duration, duration)
            now.arrival = packet.arrival
            return ended
        before = 0
        if now and self._continues(now, packet, code):
            # RFC 4733 §2.5.1.3: a press that is too long for one packet goes on in a new segment.
            before = now.before + now.duration
            self._told.append((now.ssrc, now.timestamp))
        else:
            ended = self._close()
        self._open = _Open(
            code,
            packet.ssrc,
            packet.timestamp,
            duration,
            before,
            packet.clock_rate,
            packet.arrival,
        )
        return ended

    def _continues(self, now: _Open, packet: EventPacket, code: int) -> bool:
        slack = round(self._SLACK * now.clock_rate)
        gap = (packet.timestamp - now.timestamp - now.duration + _WRAP // 2) % _WRAP - _WRAP // 2
        return (
            not packet.begins
            and (code, packet.ssrc) == (now.code, now.ssrc)
            and now.duration >= MAX_UNITS - slack
            and abs(gap) <= slack
        )

    def _close(self) -> list[Press]:
        now, self._open = self._open, None
        if now is None:
            return []
        self._told.append((now.ssrc, now.timestamp))
        return [now.press()]


class DigitListener:
    """A DigitReader with a timer for the presses whose end was lost. On the event loop."""

    MAX_A_SECOND = 50
    """Presses; nobody types faster, not even after a stall of the network."""

    def __init__(self, tell: Callable[[Press], None]) -> None:
        self._tell = tell
        self._reader = DigitReader()
        self._timer: asyncio.TimerHandle | None = None
        self._window = 0.0
        self._counted = 0

    def event(self, packet: EventPacket) -> None:
        for press in self._reader.read(packet):
            self._count(press, packet.arrival)
        self._arm()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _count(self, press: Press, now: float) -> None:
        if now - self._window >= 1:
            self._window, self._counted = now, 0
        self._counted += 1
        if self._counted <= self.MAX_A_SECOND:
            self._tell(press)

    def _arm(self) -> None:
        self.close()
        if self._reader.open:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(DigitReader.PATIENCE, self._look)

    def _look(self) -> None:
        for press in self._reader.expire(time.monotonic()):
            self._tell(press)
        self._arm()
