from __future__ import annotations

from voip.media.workers.restarts import FIRST, LONGEST, MOST, WELL, Restarts


def test_who_dies_again_and_again_waits_longer_and_stays_away_in_the_end() -> None:
    restarts = Restarts()
    waits = [restarts.wait(0.0) for _ in range(MOST)]
    assert waits[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert waits[-1] == LONGEST
    assert restarts.wait(0.0) is None


def test_who_has_lived_well_begins_anew() -> None:
    restarts = Restarts()
    for _ in range(MOST):
        restarts.wait(0.0)
    assert restarts.wait(WELL) == FIRST
    assert restarts.wait(WELL - 1) == 2 * FIRST
