"""`GET /health/turn`: whether the relays work, for monitors and load balancers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from turn.doctor.probe import Outcome

PATH = "/health/turn"
KEPT_FOR = 10.0
"""Seconds: however often it is asked, the relays are not."""

Probe = Callable[[], Awaitable[Sequence[Outcome]]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Health:
    """The newest outcomes. Asked by many at once, the relays are probed once."""

    def __init__(
        self,
        probe: Probe,
        kept_for: float = KEPT_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``probe`` probes every relay, with credentials that are valid when it runs."""
        self._probe = probe
        self._kept_for = kept_for
        self._clock = clock
        self._outcomes: Sequence[Outcome] = ()
        self._until: float | None = None
        self._flight = asyncio.Lock()

    async def outcomes(self) -> Sequence[Outcome]:
        # The lock is the one flight: who waited for it finds what the first one has brought.
        async with self._flight:
            if self._until is None or self._clock() >= self._until:
                self._outcomes = await self._probe()
                self._until = self._clock() + self._kept_for
            return self._outcomes


def handler(
    probe: Probe, kept_for: float = KEPT_FOR, clock: Callable[[], float] = time.monotonic
) -> Handler:
    """An aiohttp handler: 200 where every relay works, else 503; the same JSON for both.

    Anybody may ask, so it tells no more than which step failed: reasons are for the operator, whom
    `check` tells them.
    """
    health = Health(probe, kept_for, clock)

    async def handle(_request: web.Request) -> web.Response:
        outcomes = await health.outcomes()
        good = bool(outcomes) and all(each.ok for each in outcomes)
        body = {"ok": good, "relays": [_public(each) for each in outcomes]}
        headers = {"Cache-Control": "no-store"}
        return web.json_response(body, status=200 if good else 503, headers=headers)

    return handle


def _public(outcome: Outcome) -> dict[str, object]:
    failed = None if outcome.failed is None else outcome.failed.value
    return {"uri": outcome.uri, "ok": outcome.ok, "failed": failed}
