"""What a call's media came to over time: totals every few seconds, bounded however long it is."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from voip.media.emodel import mos
from voip.media.samples import MediaSample
from voip.signalling.record import Record

EVERY: Final = 5.0
"""Seconds between two totals, at first."""
MAX_TOTALS: Final = 240


class Totals(Record):
    """Since the call's media was created."""

    at: float
    """Seconds of a monotonic clock."""
    received: int
    lost: int
    octets_in: int
    sent: int
    octets_out: int
    jitter: float
    lost_by_peer: int | None
    jitter_of_peer: float
    round_trip: float | None


class Series:
    """Totals, and what lies between two of them is a sample: leaving some out loses no packet.
    When there are too many, every other one goes, and the next come half as often."""

    def __init__(self) -> None:
        self.every = EVERY
        self._totals: list[Totals] = []

    def due(self, now: float) -> bool:
        # A tick that comes a little early is as good as the next one.
        return not self._totals or now - self._totals[-1].at >= self.every * 0.95

    def add(self, totals: Totals) -> None:
        if len(self._totals) >= MAX_TOTALS:
            del self._totals[1::2]
            self.every *= 2
        self._totals.append(totals)

    def samples(self, until: Totals | None = None) -> tuple[MediaSample, ...]:
        """Between each two; with what came since the last of them, up to `until`."""
        totals = self._totals
        if until is not None and totals and until.at > totals[-1].at:
            totals = [*totals, until]
        began = totals[0].at if totals else 0.0
        return tuple(_between(one, next_, began) for one, next_ in pairwise(totals))


def quality(totals: Totals, since: Totals | None = None) -> tuple[float | None, float | None]:
    """The MOS estimates of what came and of what we sent; None where nothing can be said."""
    got, missed = totals.received, totals.lost
    sent, lost = totals.sent, totals.lost_by_peer
    if since is not None:
        got, missed, sent = got - since.received, missed - since.lost, sent - since.sent
        lost = None if lost is None else lost - (since.lost_by_peer or 0)
    here = there = None
    if got + missed > 0:
        loss = max(missed, 0) / (got + max(missed, 0))
        here = mos(loss=loss, jitter=totals.jitter, round_trip=totals.round_trip)
    if lost is not None and sent > 0:
        loss = max(lost, 0) / sent
        there = mos(loss=loss, jitter=totals.jitter_of_peer, round_trip=totals.round_trip)
    return here, there


def _between(one: Totals, then: Totals, began: float) -> MediaSample:
    seconds = then.at - one.at
    here, there = quality(then, one)
    return MediaSample(
        at=then.at - began,
        seconds=seconds,
        received=then.received - one.received,
        lost=then.lost - one.lost,
        sent=then.sent - one.sent,
        lost_by_peer=(then.lost_by_peer or 0) - (one.lost_by_peer or 0),
        bitrate_in=(then.octets_in - one.octets_in) * 8 / seconds,
        bitrate_out=(then.octets_out - one.octets_out) * 8 / seconds,
        jitter=then.jitter,
        round_trip=then.round_trip,
        mos=here,
        mos_of_peer=there,
    )
