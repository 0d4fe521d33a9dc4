"""The E-model against values worked out by hand from the formulas of G.107."""

from __future__ import annotations

import pytest

from voip.media.emodel import delay_impairment, loss_impairment, mos, mos_of


@pytest.mark.parametrize(
    ("r", "expected"),
    [
        # 1 + 3.262 + 93.2 · 33.2 · 6.8 · 7e-6 = 4.2620 + 0.1473
        (93.2, 4.4093),
        # 1 + 2.8 + 80 · 20 · 20 · 7e-6
        (80, 4.024),
        # 1 + 1.75 + 50 · (−10) · 50 · 7e-6
        (50, 2.575),
        (100, 4.5),
        (120, 4.5),
        (0, 1.0),
        (-20, 1.0),
    ],
)
def test_annex_b(r: float, expected: float) -> None:
    assert mos_of(r) == pytest.approx(expected, abs=1e-4)


def test_loss() -> None:
    assert loss_impairment(0) == 0
    assert loss_impairment(0.05) == pytest.approx(95 * 5 / 30.1)
    assert loss_impairment(0.251) == pytest.approx(47.5)  # Bpl: where half of 95 is lost
    assert loss_impairment(7) == loss_impairment(1) == pytest.approx(95 * 100 / 125.1)


def test_delay() -> None:
    assert delay_impairment(0.1) == delay_impairment(0) == 0
    # X = 1: 25 · (2^(1/6) − 3 · (1 + 1/729)^(1/6) + 2) = 25 · (1.122462 − 3.000686 + 2)
    assert delay_impairment(0.2) == pytest.approx(3.0444, abs=1e-3)
    # X = 2: 25 · (65^(1/6) − 3 · (1 + 64/729)^(1/6) + 2) = 25 · (2.005175 − 3.042372 + 2)
    assert delay_impairment(0.4) == pytest.approx(24.0701, abs=1e-3)


def test_a_call() -> None:
    assert mos(loss=0, jitter=0, round_trip=None) == pytest.approx(4.4093, abs=1e-4)
    # One way 26.5 + 100 + 2 · 36.75 = 200 ms and 5 %: R = 93.2 − 3.0444 − 15.7807 = 74.3749
    # 1 + 2.60312 + 74.3749 · 14.3749 · 25.6251 · 7e-6 = 3.60312 + 0.19178
    assert mos(loss=0.05, jitter=0.03675, round_trip=0.2) == pytest.approx(3.7949, abs=1e-3)


def test_worse_is_never_better() -> None:
    for name in ("loss", "jitter", "round_trip"):
        told = [
            mos(**{"loss": 0.0, "jitter": 0.0, "round_trip": 0.0} | {name: step / 50})
            for step in range(51)
        ]
        assert told == sorted(told, reverse=True)
        assert all(1 <= one <= 4.5 for one in told)
