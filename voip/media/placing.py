"""Sound on its way into a file: in order, and each packet at its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from voip.media import opus
from voip.media.packets import AudioPacket
from voip.media.reorder import Reorder
from voip.media.timeline import Timeline

Write: TypeAlias = Callable[[AudioPacket, int, int], None]


class Placing:
    """Puts packets in order, leaves out what is no Opus, and says where on `line` each belongs.

    After a pause that the timestamps know nothing of (a sender on hold may stop counting) the
    packets look as if they were late, and so does the burst that ends a network's stall, which is.
    Only the packets that follow can tell: those of a burst come closer and closer together with
    their times. So they are held back for a moment, and what is left of the delay was a pause.
    """

    HOLD = 0.3
    """Seconds. Reordering is over by then: with the writer's pace a crash costs less than one."""

    def __init__(self, line: Timeline, write: Write) -> None:
        """`write` gets the packet, its length and its position, both in samples."""
        self.line = line
        self.write = write
        """Where they go, another file perhaps from now on."""
        self._reorder = Reorder()
        self._held: list[tuple[AudioPacket, int]] = []
        """With the position as the timestamps have it."""
        self._pause = 0
        """The least delay of those, in samples."""

    def add(self, packet: AudioPacket) -> None:
        for ready in self._reorder.add(packet):
            self._place(ready)

    def flush(self, now: float) -> None:
        """Give up what did not come in time; `now` is on the arrivals' clock."""
        for ready in self._reorder.expire(now):
            self._place(ready)
        if self._held and now - self._held[0][0].arrival >= self.HOLD:
            self._release()

    def close(self) -> None:
        """Write everything that still waits."""
        for ready in self._reorder.flush():
            self._place(ready)
        self._release()

    def _place(self, packet: AudioPacket) -> None:
        length = opus.samples(packet.payload)
        if not length:
            return  # one such packet would make players give up on the file
        if self._held and packet.arrival - self._held[0][0].arrival >= self.HOLD:
            self._release()
        line = self.line
        position = line.place(packet.ssrc, packet.timestamp, packet.arrival)
        if self._held or line.late > line.tolerance:
            self._hold(packet, position)
        else:
            self.write(packet, length, position)

    def _hold(self, packet: AudioPacket, position: int) -> None:
        late = self.line.late
        self._pause = min(self._pause, late) if self._held else late
        self._held.append((packet, position))

    def _release(self) -> None:
        held, self._held = self._held, []
        moved = self._pause if held and self._pause > self.line.tolerance else 0
        self.line.shift(moved)
        for packet, position in held:
            self.write(packet, opus.samples(packet.payload), position + moved)
