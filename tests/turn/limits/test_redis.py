"""Limits across replicas, with a real Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from tests.turn.limits.redis_server import RedisServer, redis_server
from turn.limits.model import Allowance, Limit, LimitsUnavailable
from turn.limits.redis import RedisLimiter


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as found:
        yield found


@pytest.fixture
async def replicas(server: RedisServer) -> AsyncIterator[tuple[RedisLimiter, RedisLimiter]]:
    both = tuple(RedisLimiter.at(server.url, open_when_away=False) for _ in range(2))
    yield (both[0], both[1])
    for each in both:
        await each.close()


async def test_a_rate_holds_across_replicas(replicas: tuple[RedisLimiter, RedisLimiter]) -> None:
    asked = [
        replicas[number % 2].take("ann", Allowance(10, 3600), Allowance(1000, 86400))
        for number in range(30)
    ]
    answers = await asyncio.gather(*asked)
    reached = [each for each in answers if each is not None]
    assert len(answers) - len(reached) == 10
    assert {each.limit for each in reached} == {Limit.RATE}
    assert all(0 < each.retry_after <= 360 for each in reached)


async def test_a_quota_holds_across_replicas(replicas: tuple[RedisLimiter, RedisLimiter]) -> None:
    # A window of ten years: the test does not run across the end of one.
    asked = [
        replicas[number % 2].take("bob", None, Allowance(7, 315_000_000)) for number in range(20)
    ]
    reached = [each for each in await asyncio.gather(*asked) if each is not None]
    assert len(reached) == 13
    assert {each.limit for each in reached} == {Limit.QUOTA}


async def test_askers_do_not_count_for_one_another_and_are_not_named(
    replicas: tuple[RedisLimiter, RedisLimiter],
) -> None:
    for name in ("@carl:example.org", "@dora:example.org"):
        assert await replicas[0].take(name, Allowance(1, 3600), Allowance(5, 86400)) is None
    names = await replicas[0]._redis.keys("*")
    assert len(names) >= 4
    assert not any(b"carl" in name for name in names)
    assert min([await replicas[0]._redis.ttl(name) for name in names]) > 0, "everything ends"


async def test_open_while_redis_is_away_counts_here(caplog: pytest.LogCaptureFixture) -> None:
    with redis_server() as server:
        now = [0.0]
        limiter = RedisLimiter(
            Redis.from_url(server.url), open_when_away=True, clock=lambda: now[0]
        )
        assert await limiter.take("ann", Allowance(2, 3600), None) is None
        server.stop()
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                assert await limiter.take("ann", Allowance(2, 3600), None) is None
                now[0] += 2
            assert await limiter.take("ann", Allowance(2, 3600), None) is not None
        assert len(caplog.records) == 1, "said once, not for each request"
        assert str(server.port) not in caplog.text
        server.start()
        now[0] += 2
        with caplog.at_level(logging.WARNING):
            assert await limiter.take("ann", Allowance(2, 3600), None) is None
        assert "answers again" in caplog.text
        await limiter.close()


async def test_closed_while_redis_is_away_refuses() -> None:
    with redis_server() as server:
        server.stop()
        limiter = RedisLimiter.at(server.url, open_when_away=False)
        for _ in range(2):
            with pytest.raises(LimitsUnavailable):
                await limiter.take("ann", Allowance(2, 3600), None)
        assert limiter.away
        await limiter.close()
