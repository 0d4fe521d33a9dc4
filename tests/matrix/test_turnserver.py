"""Every kind of reply to the question for TURN servers, and none of them may delay a call."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from voip.matrix.errors import (
    LoggedOutError,
    NoAnswerError,
    RateLimitedError,
    RequestRefusedError,
    ServerTroubleError,
)
from voip.matrix.http import Json
from voip.matrix.turnserver import FORBIDDEN_AGAIN, MARGIN, NONE_AGAIN, TurnServers
from voip.signalling.ice import IceServer

URIS = ["turn:relay:3478?transport=udp", "turns:relay:5349"]
GOOD = {"username": "u", "password": "p", "uris": URIS, "ttl": 3600}
SERVER = IceServer(tuple(URIS), "u", "p")


class Clock:
    """The loop's time plus what a test adds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self.added = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self.added)


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Homeserver:
    def __init__(self, *answers: Json | Exception | Callable[[], Awaitable[Json]]) -> None:
        last = answers[-1]
        self._answers = itertools.chain(answers[:-1], itertools.repeat(last))
        self.asked = 0

    async def __call__(self) -> Json:
        self.asked += 1
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, dict) else await answer()


async def silence() -> Json:
    await asyncio.Event().wait()
    raise AssertionError


async def test_good_ones_are_asked_for_once(clock: Clock) -> None:
    homeserver = Homeserver(GOOD)
    turn = TurnServers(homeserver)
    assert await turn.ice_servers() == [SERVER]
    assert await turn.ice_servers() == [SERVER]
    assert (homeserver.asked, turn.reason) == (1, "")


@pytest.mark.parametrize(
    ("answer", "reason", "again"),
    [
        ({}, "offers no TURN", NONE_AGAIN),
        ({"username": "", "password": "", "uris": [], "ttl": 0}, "offers no TURN", NONE_AGAIN),
        ({**GOOD, "uris": ["", "http://x", 7, None, "turn:"]}, "offers no TURN", NONE_AGAIN),
        ({**GOOD, "username": ""}, "offers no TURN", NONE_AGAIN),
        ({**GOOD, "uris": "turn:relay"}, "offers no TURN", NONE_AGAIN),
        (RequestRefusedError(404, "M_UNRECOGNIZED"), "has no TURN", NONE_AGAIN),
        (RequestRefusedError(403, "M_FORBIDDEN"), "403 M_FORBIDDEN", FORBIDDEN_AGAIN),
        (RateLimitedError(120.0), "limits our rate", 120.0),
        (ServerTroubleError("502"), "in trouble", 15.0),
        (NoAnswerError("silent"), "did not answer", 15.0),
        (LoggedOutError("over"), "logged out", FORBIDDEN_AGAIN),
    ],
)
async def test_none_has_a_reason_and_a_time_to_ask_again(
    clock: Clock, answer: Any, reason: str, again: float
) -> None:
    homeserver = Homeserver(answer, GOOD)
    turn = TurnServers(homeserver)
    assert await turn.ice_servers() == []
    assert reason in turn.reason
    clock.added += again - 1.0
    assert await turn.ice_servers() == []
    assert homeserver.asked == 1
    clock.added += 2.0
    assert await turn.ice_servers() == [SERVER]


async def test_stun_needs_no_name() -> None:
    turn = TurnServers(Homeserver({"uris": ["stun:relay:3478", "turn:relay:3478"], "ttl": 60}))
    assert await turn.ice_servers() == [IceServer(("stun:relay:3478",))]


@pytest.mark.parametrize(("ttl", "fresh"), [(3600, 3600 - MARGIN), (60, 30.0), (900, 450.0)])
async def test_they_are_renewed_before_they_expire(clock: Clock, ttl: int, fresh: float) -> None:
    homeserver = Homeserver({**GOOD, "ttl": ttl})
    turn = TurnServers(homeserver)
    await turn.ice_servers()
    clock.added += fresh - 1.0
    await turn.ice_servers()
    assert homeserver.asked == 1
    clock.added += 2.0
    await turn.ice_servers()
    assert homeserver.asked == 2


async def test_a_slow_homeserver_delays_no_call_and_the_old_ones_are_used(clock: Clock) -> None:
    turn = TurnServers(Homeserver(GOOD, silence), call_waits=0.02)
    await turn.ice_servers()
    clock.added += 3600 - MARGIN + 1
    begin = clock.added + asyncio.get_running_loop().time()
    assert await turn.ice_servers() == [SERVER]
    assert clock.added + asyncio.get_running_loop().time() - begin < 0.5
    clock.added += MARGIN
    assert await turn.ice_servers() == []
    assert "did not answer" in turn.reason
    await turn.aclose()


async def test_with_nothing_yet_a_slow_homeserver_costs_a_moment(clock: Clock) -> None:
    turn = TurnServers(Homeserver(silence), call_waits=0.02)
    assert await turn.ice_servers() == []
    await turn.aclose()


async def test_trouble_at_renewal_keeps_the_old_ones(clock: Clock) -> None:
    turn = TurnServers(Homeserver(GOOD, ServerTroubleError("502")))
    await turn.ice_servers()
    clock.added += 3600 - MARGIN + 1
    assert await turn.ice_servers() == [SERVER]
    clock.added += MARGIN
    assert await turn.ice_servers() == []


async def test_withdrawn_servers_are_dropped(clock: Clock) -> None:
    turn = TurnServers(Homeserver(GOOD, {}))
    await turn.ice_servers()
    clock.added += 3600 - MARGIN + 1
    assert await turn.ice_servers() == []


async def test_many_calls_share_one_request() -> None:
    homeserver = Homeserver(GOOD)
    turn = TurnServers(homeserver)
    results = await asyncio.gather(*(turn.ice_servers() for _ in range(10)))
    assert results == [[SERVER]] * 10
    assert homeserver.asked == 1


async def test_running_it_has_them_ready_before_the_first_call() -> None:
    homeserver = Homeserver(GOOD)
    turn = TurnServers(homeserver)
    running = asyncio.create_task(turn.run())
    async with asyncio.timeout(5):
        while turn.reason:  # noqa: ASYNC110 - one turn of the loop each
            await asyncio.sleep(0)
    assert await turn.ice_servers() == [SERVER]
    assert homeserver.asked == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
