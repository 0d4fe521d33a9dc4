"""A real coturn tells a real Redis, and Prometheus can read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from tests.turn.coturn.plans import SECRET
from tests.turn.coturn.test_real import config
from tests.turn.coturn_process import require_coturn, running_coturn
from tests.turn.databases import redis_server
from tests.turn.ports import listening_port
from tests.turn.turn_client import OK, TurnClient
from turn.coturn.statsdb import following
from turn.credentials import mint


async def becomes(true: Callable[[], bool]) -> bool:
    for _ in range(200):  # coturn tells of it a moment later
        if true():
            return True
        await asyncio.sleep(0.05)
    return False


async def test_allocations_come_and_go(tmp_path: Path) -> None:
    require_coturn()
    with redis_server(tmp_path) as redis:
        server = ("127.0.0.1", listening_port("127.0.0.1"))
        url = f"redis://{redis.host}:{redis.port}/0"
        where = ["--listening-ip", server[0], "--port", str(server[1]), "--redis-statsdb", url]
        file = await asyncio.to_thread(config, tmp_path, *where)
        registry = CollectorRegistry()

        def shown(count: int) -> bool:
            line = f'turn_coturn_allocations{{region="eu",tier="local"}} {count}.0'
            return line in generate_latest(registry).decode().splitlines()

        with running_coturn(file, server):
            async with TurnClient(server, mint(SECRET, "early.l", 600, time.time())) as early:
                assert await early.allocate() == OK
                await asyncio.sleep(0.5)  # it is told before anybody listens
                async with following({"eu": url}, registry) as tallies:
                    assert await becomes(lambda: shown(1))
                    async with TurnClient(server, mint(SECRET, "late.l", 600, time.time())) as late:
                        assert await late.allocate() == OK
                        assert await becomes(lambda: shown(2))
                    assert await becomes(lambda: shown(1))
                    # What the requests and answers themselves had, when it ended.
                    assert await becomes(lambda: tallies["eu"].from_clients["local"] > 0)
    assert b"late.l" not in generate_latest(registry)


async def test_a_redis_that_is_away_is_told_once_and_harms_nobody(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    async with following({"eu": "redis://127.0.0.1:1/0"}, registry) as tallies:
        await asyncio.sleep(0)
        assert tallies["eu"].live(0.0) == {}
        assert b'turn_coturn_allocations{region="eu",tier="key"} 0.0' in generate_latest(registry)
