"""Both limits on a virtual clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.limits.gcra import Counted, take
from turn.limits.memory import MemoryLimiter
from turn.limits.model import Allowance, Limit, Reached

NOW = 1_700_000_000.0
NOTHING = Counted()


def test_a_burst_and_then_one_at_a_time() -> None:
    rate, counted = Allowance(3, 60), NOTHING
    for _ in range(3):
        after = take(counted, rate, None, NOW)
        assert isinstance(after, Counted)
        counted = after
    reached = take(counted, rate, None, NOW)
    assert isinstance(reached, Reached)
    assert (reached.limit, round(reached.retry_after)) == (Limit.RATE, 20)
    again = take(counted, rate, None, NOW + reached.retry_after)
    assert isinstance(again, Counted), "asking after exactly that time succeeds"
    assert isinstance(take(again, rate, None, NOW + reached.retry_after), Reached)


def test_a_quota_begins_anew_with_its_window() -> None:
    quota, counted = Allowance(2, 100), NOTHING
    for _ in range(2):
        after = take(counted, None, quota, 1050.0)
        assert isinstance(after, Counted)
        counted = after
    assert take(counted, None, quota, 1099.0) == Reached(Limit.QUOTA, 1.0)
    assert isinstance(take(counted, None, quota, 1100.0), Counted)


def test_what_one_limit_refuses_is_not_taken_from_the_other() -> None:
    rate, quota = Allowance(1, 10), Allowance(2, 1000)
    first = take(NOTHING, rate, quota, NOW)
    assert isinstance(first, Counted)
    assert isinstance(take(first, rate, quota, NOW + 1), Reached)
    second = take(first, rate, quota, NOW + 10)
    assert isinstance(second, Counted)
    assert second.taken == 2


def test_a_clock_set_back_locks_nobody_out_for_long() -> None:
    rate = Allowance(1, 60)
    counted = take(NOTHING, rate, None, NOW)
    assert isinstance(counted, Counted)
    reached = take(counted, rate, None, NOW - 86_400)
    assert isinstance(reached, Reached)
    assert reached.retry_after <= 60


allowances = st.builds(Allowance, st.integers(1, 20), st.integers(1, 120))
steps = st.lists(st.floats(0, 40), min_size=1, max_size=60)


@given(allowances, steps)
def test_no_more_than_the_rate_in_any_window(rate: Allowance, waits: list[float]) -> None:
    """A bucket of `count` that refills over `seconds`: at most twice in one window of it."""
    counted, now, taken = NOTHING, NOW, list[float]()
    for wait in waits:
        now += wait
        after = take(counted, rate, None, now)
        if isinstance(after, Counted):
            counted = after
            taken.append(now)
        else:
            assert 0 < after.retry_after <= rate.seconds / rate.count + 1e-3
    for begin in taken:
        within = [at for at in taken if begin <= at <= begin + rate.seconds]
        assert len(within) <= 2 * rate.count


@given(allowances, allowances, steps)
def test_the_quota_holds_and_forgetting_changes_nothing(
    rate: Allowance, quota: Allowance, waits: list[float]
) -> None:
    counted, forgetful, now = NOTHING, NOTHING, NOW
    taken: dict[int, int] = {}
    for wait in waits:
        now += wait
        if forgetful.forget_at <= now:
            forgetful = NOTHING
        after, after_forgetting = (take(each, rate, quota, now) for each in (counted, forgetful))
        assert type(after) is type(after_forgetting)
        if isinstance(after, Counted) and isinstance(after_forgetting, Counted):
            counted, forgetful = after, after_forgetting
            window = int(now // quota.seconds)
            taken[window] = taken.get(window, 0) + 1
    assert all(count <= quota.count for count in taken.values())


async def test_memory_is_bounded_and_clean() -> None:
    now = [NOW]
    limiter = MemoryLimiter(most=100, clock=lambda: now[0])
    for number in range(1000):
        assert await limiter.take(f"user {number}", Allowance(1, 60), None) is None
    assert len(limiter) == 100
    now[0] += 61
    for number in range(60):
        await limiter.take(f"later {number}", Allowance(1, 60), None)
    assert len(limiter) <= 61, "what says nothing any more goes with each newcomer"


async def test_without_limits_nothing_is_kept() -> None:
    limiter = MemoryLimiter()
    assert await limiter.take("anybody", None, None) is None
    assert len(limiter) == 0


@pytest.mark.parametrize(
    ("text", "count", "seconds"),
    [("30/m", 30, 60), ("20/10s", 20, 10), ("500/d", 500, 86400), ("1/12h", 1, 43200)],
)
def test_allowances_as_text(text: str, count: int, seconds: int) -> None:
    found = Allowance.parse(text)
    assert found == Allowance(count, seconds)
    assert str(found) == text


@pytest.mark.parametrize("text", ["", "30", "0/m", "30/0s", "-1/m", "30/w", "1.5/s", "m/30"])
def test_what_is_no_allowance(text: str) -> None:
    with pytest.raises(ValueError, match="30/m"):
        Allowance.parse(text)
