"""Whether one more call can be served, on a clock of the test's own."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from voip.bot.load import SETTLES_IN, Load, LoadJudge, LoadLimits
from voip.bot.load_meter import PERIOD, LoadMeter
from voip.media.workers.share import Share

LIMITS = LoadLimits(cpu=0.8, lag=0.1)


class Bench:
    """A judge that is told the same measure for so many seconds."""

    def __init__(self, limits: LoadLimits = LIMITS) -> None:
        self.judge, self.now = LoadJudge(limits), 0.0

    def run(
        self, seconds: float, cpu: float = 0.0, lag: float = 0.0, live: int = 0, carriers: int = 1
    ) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 0.5
            self.judge.measured(Load(lag, cpu, carriers), live, self.now)

    def burst(self, count: int) -> int:
        """So many calls at one moment; how many are admitted."""
        admitted = 0
        for _ in range(count):
            if not self.judge.busy(self.now):
                self.judge.admitted(self.now)
                admitted += 1
        return admitted


def test_an_idle_machine_takes_calls_and_not_any_number_at_once() -> None:
    bench = Bench()
    assert not bench.judge.busy(0)
    bench.run(5)
    assert 20 < bench.burst(1000) < 60
    bench.run(SETTLES_IN + 1, cpu=0.1, live=40)
    assert not bench.judge.busy(bench.now)  # they turned out to be cheap


def test_what_calls_cost_is_learnt() -> None:
    bench = Bench()
    bench.run(5, cpu=0.1)  # without a call
    bench.run(20, cpu=0.51, live=4)
    assert bench.burst(10) == 2  # 0.1 each: 0.51 + 3 × 0.1 is the limit
    bench = Bench()
    bench.run(20, cpu=0.5, live=40, carriers=4)
    assert bench.burst(1000) > 20  # 0.05 each, on four loops


@pytest.mark.parametrize("high", [{"cpu": 0.95}, {"lag": 0.3}])
def test_a_busy_one_stays_busy_until_it_is_well_below(high: dict[str, Any]) -> None:
    bench = Bench()
    bench.run(10, live=100, **high)
    assert bench.judge.overloaded
    bench.run(30, cpu=0.7, lag=0.09, live=100)
    assert bench.judge.overloaded, "below the limit, and not well below"
    bench.run(30, cpu=0.5, lag=0.05, live=100)
    assert not bench.judge.overloaded
    bench.run(30, cpu=0.75, lag=0.09, live=100)
    assert not bench.judge.overloaded


def test_one_hiccup_declines_nobody() -> None:
    bench = Bench()
    bench.run(10)
    bench.run(0.5, lag=0.4)
    assert not bench.judge.overloaded


def test_without_limits_nothing_is_looked_at() -> None:
    bench = Bench(LoadLimits())
    bench.run(10, cpu=1.0, lag=9.0, live=1)
    assert not bench.judge.busy(bench.now)


def test_the_share_of_a_worker() -> None:
    share = Share()
    share.told(10.0, 100.0)
    assert share.cpu == 0.0
    share.told(12.5, 105.0)
    assert share.cpu == 0.5
    share.told(12.5, 105.0)
    assert share.cpu == 0.5


async def test_a_loop_that_is_held_up_is_measured() -> None:
    measures: list[Load] = []
    enough = asyncio.Event()

    def take(load: Load) -> None:
        measures.append(load)
        if len(measures) == 1:
            asyncio.get_running_loop().call_later(PERIOD * 0.9, busy, PERIOD)
        else:
            enough.set()

    def busy(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass

    meter = LoadMeter(tuple, take)
    meter.start()
    await enough.wait()
    await meter.aclose()
    assert measures[1].lag > PERIOD / 2
    assert 0 < measures[1].cpu <= 1.1


async def test_with_workers_the_least_busy_one_counts() -> None:
    found: asyncio.Queue[Load] = asyncio.Queue()
    meter = LoadMeter(lambda: (0.9, 0.4, 0.7), found.put_nowait)
    meter.start()
    load = await found.get()
    await meter.aclose()
    assert (load.cpu, load.carriers) == (0.4, 3)
