"""A call in samples, however long it is."""

from __future__ import annotations

import pytest

from voip.media.series import MAX_TOTALS, Series, Totals, quality


def totals(at: float, **more: float) -> Totals:
    """50 packets of 100 octets a second each way, one of 50 lost."""
    second = int(at - 100)
    fields = {"received": second * 49, "lost": second, "octets_in": second * 4900}
    sent = {"sent": second * 50, "octets_out": second * 5000, "lost_by_peer": 0}
    other = {"jitter": 0.01, "jitter_of_peer": 0.0, "round_trip": 0.1}
    return Totals(at=at, **fields | sent | other | more)  # type: ignore[arg-type]


def test_a_sample_is_what_came_between() -> None:
    series = Series()
    assert series.due(100)
    series.add(totals(100))
    assert series.samples() == ()
    assert not series.due(104)
    assert series.due(105)
    series.add(totals(105, lost_by_peer=25))
    (sample,) = series.samples()
    assert (sample.at, sample.seconds) == (5, 5)
    assert (sample.received, sample.lost, sample.sent, sample.lost_by_peer) == (245, 5, 250, 25)
    assert (sample.bitrate_in, sample.bitrate_out) == (39_200, 40_000)
    assert sample.mos is not None
    assert sample.mos_of_peer is not None
    assert sample.mos > sample.mos_of_peer  # 2 % and 10 % lost
    assert [one.at for one in series.samples(totals(107))] == [5, 7]
    assert [one.at for one in series.samples(totals(105))] == [5]


def test_nothing_came_sounds_like_nothing() -> None:
    silent = totals(110, received=0, lost=0, sent=0, lost_by_peer=None)  # type: ignore[arg-type]
    assert quality(silent) == (None, None)


def test_a_day_is_bounded_and_loses_no_packet() -> None:
    series = Series()
    kept = 0
    for at in range(100, 100 + 86_400):
        if series.due(at):
            series.add(totals(at))
            kept += 1
    samples = series.samples()
    assert MAX_TOTALS / 2 <= len(samples) < MAX_TOTALS
    assert kept < 2500
    assert sum(one.received for one in samples) == int(samples[-1].at) * 49
    assert all(one.bitrate_in == pytest.approx(39_200) for one in samples)
