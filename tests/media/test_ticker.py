"""One timer for all."""

from __future__ import annotations

import asyncio

from voip.media.ticker import Ticker


async def test_everybody_has_a_look_also_after_one_that_fails() -> None:
    ticker = Ticker(0.01)
    looked: list[str] = []
    enough = asyncio.Event()

    def fails(now: float) -> None:
        looked.append("fails")
        raise ValueError

    def once(now: float) -> None:
        looked.append("once")
        ticker.remove(once)

    def counts(now: float) -> None:
        looked.append("counts")
        if looked.count("counts") == 3:
            enough.set()

    for look in (fails, once, counts):
        ticker.add(look)
    await asyncio.wait_for(enough.wait(), 10)
    assert looked.count("once") == 1
    assert looked.count("fails") == 3
    for look in (fails, counts, counts):
        ticker.remove(look)
    assert ticker._timer is None


async def test_without_anybody_it_rests() -> None:
    ticker = Ticker(0.01)
    await asyncio.sleep(0.05)
    assert ticker._timer is None
