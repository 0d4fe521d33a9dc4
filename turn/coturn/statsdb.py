"""Follows the Redis that coturn tells of its allocations (`redis-statsdb`), for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.asyncio import Redis
from redis.exceptions import RedisError

from turn.coturn.traffic import CHANNELS, STATUS_KEYS, Tally
from turn.tiers import TIERS

AGAIN_AFTER = 5.0
"""Seconds between two attempts to reach it."""
KEYS_AT_ONCE = 500
_log = logging.getLogger(__name__)


@asynccontextmanager
async def following(
    urls: Mapping[str, str], registry: CollectorRegistry
) -> AsyncIterator[Mapping[str, Tally]]:
    """Count, and show it to Prometheus, until the block ends. `urls`: by region."""
    tallies = {region: Tally() for region in urls}
    collector = CoturnMetrics(tallies)
    registry.register(collector)
    tasks = [
        asyncio.create_task(_follow(region, url, tallies[region]), name=f"statsdb of {region}")
        for region, url in urls.items()
    ]
    try:
        yield tallies
    finally:
        registry.unregister(collector)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class CoturnMetrics(Collector):
    """Sums by region and tier; nothing of one user or address."""

    def __init__(self, tallies: Mapping[str, Tally]) -> None:
        self._tallies = tallies

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        live = GaugeMetricFamily(
            "turn_coturn_allocations", "Allocations that live now.", labels=("region", "tier")
        )
        passed = CounterMetricFamily(
            "turn_coturn_bytes", "Bytes relayed.", labels=("region", "tier", "from")
        )
        for region, tally in self._tallies.items():
            counts = tally.live(time.monotonic())
            for tier in TIERS:
                live.add_metric((region, tier), counts[tier])
                passed.add_metric((region, tier, "client"), tally.from_clients[tier])
                passed.add_metric((region, tier, "peer"), tally.to_clients[tier])
        yield live
        yield passed


async def _follow(region: str, url: str, tally: Tally) -> None:
    away = False
    while True:
        try:
            async with Redis.from_url(url, decode_responses=True) as redis:
                await _listen(redis, tally)
        except (OSError, RedisError) as error:
            if not away:  # said once; the numbers stand still meanwhile
                _log.warning("coturn's Redis of %s is away: %s", region, type(error).__name__)
            away = True
        await asyncio.sleep(AGAIN_AFTER)


async def _listen(redis: Redis, tally: Tally) -> None:
    async with redis.pubsub(ignore_subscribe_messages=True) as messages:
        # First the news, then what is there already: in between nothing is missed.
        await messages.psubscribe(CHANNELS)
        async for key in redis.scan_iter(STATUS_KEYS, count=KEYS_AT_ONCE):
            if (status := await redis.get(key)) is not None:
                tally.heard(str(key), str(status), time.monotonic())
        async for message in messages.listen():
            with contextlib.suppress(KeyError):
                channel, data = message["channel"], message["data"]
                tally.heard(str(channel), str(data), time.monotonic())
