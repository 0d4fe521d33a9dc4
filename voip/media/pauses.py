"""Tells a pause of the sender from a stall of the network, and puts what follows in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from voip.media.timeline import Timeline


class Timed(Protocol):
    """A packet or a frame."""

    @property
    def ssrc(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def arrival(self) -> float: ...


T = TypeVar("T", bound=Timed)


class Pauses(Generic[T]):
    """Says where on `line` each item belongs.

    After a pause that the timestamps know nothing of (a sender on hold may stop counting) what
    comes looks as if it were late, and so does the burst that ends a stall, which is. Only what
    follows can tell: within a burst the delay shrinks. So it is held back for a moment, and what
    is left of the delay was a pause.
    """

    HOLD = 0.3
    """Seconds. Reordering is over by then: with the writer's pace a crash costs less than one."""

    def __init__(self, line: Timeline, write: Callable[[T, int, int], None]) -> None:
        """`write` gets the item, its length and its position, both in ticks of `line`."""
        self.line = line
        self._write = write
        self._held: list[tuple[T, int, int]] = []
        """With the position as the timestamps have it."""
        self._pause = 0
        """The least delay of those, in ticks."""

    def put(self, item: T, length: int) -> None:
        if self._held and item.arrival - self._held[0][0].arrival >= self.HOLD:
            self._release()
        line = self.line
        position = line.place(item.ssrc, item.timestamp, item.arrival)
        if self._held or line.late > line.tolerance:
            self._hold(item, length, position)
        else:
            self._write(item, length, position)

    def flush(self, now: float) -> None:
        """Several times a second; `now` is on the arrivals' clock."""
        if self._held and now - self._held[0][0].arrival >= self.HOLD:
            self._release()

    def close(self) -> None:
        """Write everything that still waits."""
        self._release()

    def _hold(self, item: T, length: int, position: int) -> None:
        late = self.line.late
        self._pause = min(self._pause, late) if self._held else late
        self._held.append((item, length, position))

    def _release(self) -> None:
        held, self._held = self._held, []
        moved = self._pause if held and self._pause > self.line.tolerance else 0
        self.line.shift(moved)
        for item, length, position in held:
            self._write(item, length, position + moved)
