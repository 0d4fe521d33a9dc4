"""What the other side reports; the round trip as in the example of RFC 3550."""

from __future__ import annotations

import pytest

from voip.media.peer_reports import MAX_PENDING, PeerReports


def report(reports: PeerReports, name: int, delay: float, now: float) -> None:
    reports.reported(lost=3, jitter=0.01, name=name, delay=round(delay * 65536), now=now)


def test_the_example_of_rfc_3550() -> None:
    """§6.4.1, figure 2: 46864.500 − 46853.125 − 5.250 s."""
    reports = PeerReports()
    reports.sent(0xB705_2000, 46853.125)
    reports.reported(lost=0, jitter=0.0, name=0xB705_2000, delay=0x0005_4000, now=46864.5)
    assert reports.round_trip == 6.125


def test_nothing_is_known_before_the_first_report() -> None:
    reports = PeerReports()
    assert reports.lost is None
    assert reports.round_trip is None
    report(reports, 0, 0, 1.0)  # it had no sender report yet
    assert reports.lost == 3
    assert reports.jitter == 0.01
    assert reports.round_trip is None


def test_it_is_smoothed() -> None:
    reports = PeerReports()
    reports.sent(1, 10.0)
    report(reports, 1, 0.5, 10.58)
    reports.sent(2, 11.0)
    report(reports, 2, 0.5, 11.66)
    assert reports.round_trip == pytest.approx(0.08 + 0.08 / 8, abs=1e-4)


def test_what_cannot_be_told_apart_is_left_out() -> None:
    reports = PeerReports()
    reports.sent(1, 10.0)
    reports.sent(1, 11.0)  # nothing was sent meanwhile, so aiortc gives it the same name
    report(reports, 1, 0.9, 11.05)
    report(reports, 99, 0.1, 11.05)  # never sent
    reports.sent(2, 12.0)
    report(reports, 2, 5.0, 12.1)  # more than passed
    assert reports.round_trip is None


def test_it_is_bounded() -> None:
    reports = PeerReports()
    for number in range(1, 1000):
        reports.sent(number, number)
    assert len(reports._sent) == MAX_PENDING
