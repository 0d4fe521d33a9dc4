"""`GET /health/turn` through a real web server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from turn.doctor.health import PATH, Health, handler
from turn.doctor.model import Step
from turn.doctor.probe import Outcome

GOOD = Outcome("turn:a.example", 0.01)
BAD = Outcome("turns:b.example", 0.02, Step.TLS, "certificate has expired at 10.0.0.7")


class Relays:
    """Counts how often they are asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes: Sequence[Outcome] = outcomes
        self.asked = 0

    async def __call__(self) -> Sequence[Outcome]:
        self.asked += 1
        await asyncio.sleep(0)
        return self.outcomes


async def get(relays: Relays) -> tuple[int, object, str]:
    application = web.Application()
    application.router.add_get(PATH, handler(relays))
    async with TestClient(TestServer(application)) as client, client.get(PATH) as answer:
        return answer.status, await answer.json(), await answer.text()


async def test_every_relay_works() -> None:
    status, body, _ = await get(Relays(GOOD))
    assert status == 200
    assert body == {"ok": True, "relays": [{"uri": GOOD.uri, "ok": True, "failed": None}]}


async def test_one_does_not_and_nobody_learns_why() -> None:
    status, body, text = await get(Relays(GOOD, BAD))
    assert status == 503
    assert isinstance(body, dict)
    assert body["relays"][1] == {"uri": BAD.uri, "ok": False, "failed": "tls"}
    assert "10.0.0.7" not in text


async def test_no_relay_at_all_is_not_well() -> None:
    status, _, _ = await get(Relays())
    assert status == 503


async def test_many_at_once_are_one_flight_and_it_is_kept_for_a_while() -> None:
    relays, now = Relays(GOOD), [100.0]
    health = Health(relays, kept_for=10, clock=lambda: now[0])
    await asyncio.gather(*(health.outcomes() for _ in range(50)))
    assert relays.asked == 1
    now[0] = 109.9
    await health.outcomes()
    assert relays.asked == 1
    now[0] = 110.0
    relays.outcomes = [BAD]
    assert await health.outcomes() == [BAD]
    assert relays.asked == 2


async def test_who_asked_first_and_left_takes_the_others_with_them_not() -> None:
    relays = Relays(GOOD)
    health = Health(relays)
    first = asyncio.create_task(health.outcomes())
    others = [asyncio.create_task(health.outcomes()) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    assert [await each for each in others] == [(GOOD,)] * 3
