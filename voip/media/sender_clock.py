"""What time it was at the other side: its sender reports say which RTP timestamp was when."""

from __future__ import annotations

from typing import Final

from voip.media.packets import SenderReport

MOST: Final = 31
"""Streams: one RTCP packet reports on no more (RFC 3550 §6.4.1)."""
_STEP: Final = 0.1
"""Seconds between what two reports of one stream say: its clock was set in between."""
_PATIENCE: Final = 20.0
"""Seconds until the distance between the two clocks may be corrected again."""


class SenderClock:
    """The one wall clock behind all streams of the other side, seen from our monotonic one.

    RFC 3550 §6.4.1: the NTP timestamps of its reports are for "intra- and inter-media
    synchronization". How far the two clocks are apart nobody says: the sound is the reference,
    and pictures are put beside it (`anchor`).
    """

    def __init__(self) -> None:
        self._reports: dict[int, SenderReport] = {}
        self._apart: float | None = None
        """Seconds from its clock to ours, as far as the sound's delay lets us see."""
        self._moved: float | None = None

    def report(self, report: SenderReport) -> None:
        """Take a report. One that does not go with the last one of its stream is that of a clock
        that was set anew: then what was known of it is worth nothing."""
        if not report.ntp:
            return  # RFC 3550 §6.4.1: zero where the sender has no notion of the time
        last = self._reports.pop(report.ssrc, None)
        if last is not None and abs(_at(last, report.timestamp) - report.ntp) > _STEP:
            self._reports.clear()
            self._apart = None
        while len(self._reports) >= MOST:
            del self._reports[next(iter(self._reports))]
        self._reports[report.ssrc] = report

    def place(self, ssrc: int, timestamp: int) -> float | None:
        """When that was, on our clock; None as long as that cannot be said."""
        report = self._reports.get(ssrc)
        if report is None or self._apart is None:
            return None
        return _at(report, timestamp) + self._apart

    def anchor(self, ssrc: int, timestamp: int, at: float) -> None:
        """Let this timestamp be at this second of our clock, and everything else beside it."""
        report = self._reports.get(ssrc)
        if report is not None:
            self._apart = at - _at(report, timestamp)

    def drifted(self, seconds: float, now: float) -> None:
        """The other clock runs off ours. Several may notice it, once is enough."""
        if self._apart is not None and (self._moved is None or now - self._moved >= _PATIENCE):
            self._apart += seconds
            self._moved = now


def _at(report: SenderReport, timestamp: int) -> float:
    """The second of the sender's clock; the nearest of those that the 32 bits may mean."""
    ticks = (timestamp - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
    return report.ntp + ticks / report.clock_rate
