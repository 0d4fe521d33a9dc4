"""Sound on its way into a file: in order, and each packet at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from voip.media import opus
from voip.media.packets import AudioPacket
from voip.media.pauses import Pauses
from voip.media.reorder import Reorder
from voip.media.timeline import Timeline


class Placing(Pauses[AudioPacket]):
    """Puts packets in order, and leaves out what is no Opus: one such packet would make players
    give up on the file. Lengths and positions are samples."""

    def __init__(self, line: Timeline, write: Callable[[AudioPacket, int, int], None]) -> None:
        super().__init__(line, write)
        self._reorder = Reorder()

    def add(self, packet: AudioPacket) -> None:
        self._put_all(self._reorder.add(packet))

    def flush(self, now: float) -> None:
        """Give up what did not come in time too."""
        self._put_all(self._reorder.expire(now))
        super().flush(now)

    def close(self) -> None:
        self._put_all(self._reorder.flush())
        super().close()

    def _put_all(self, packets: Iterable[AudioPacket]) -> None:
        for packet in packets:
            length = opus.samples(packet.payload)
            if length:
                self.put(packet, length)
