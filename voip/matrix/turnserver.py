"""The homeserver's TURN servers, ready before a call needs them.

`GET /voip/turnServer` gives credentials with a time to live. They are fetched ahead of time and
renewed before they expire, so that a call takes what is there; a slow homeserver costs a call
`CALL_WAITS` at most. That there are none is normal, and comes in many forms: `200 {}` (Synapse),
404, empty strings, 403.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from voip.matrix.errors import (
    LoggedOutError,
    MatrixError,
    RateLimitedError,
    RequestRefusedError,
    TransientError,
)
from voip.matrix.http import Json
from voip.signalling.ice import IceServer

log = logging.getLogger(__name__)

CALL_WAITS = 0.5
REQUEST_TIMEOUT = 10.0
MARGIN = 600.0
"""Seconds before the end at which new ones are fetched; half of the ttl where that is short."""
DEFAULT_TTL = 3600.0
LONGEST_TTL = 86400.0
NONE_AGAIN = 600.0
"""Seconds after which a homeserver without TURN is asked again."""
FORBIDDEN_AGAIN = 3600.0
TROUBLE_AGAIN = 15.0
SCHEMES = ("stun:", "stuns:", "turn:", "turns:")


@dataclass(frozen=True, slots=True)
class _Cached:
    servers: tuple[IceServer, ...]
    expires: float
    refresh: float


class TurnServers:
    """`ice_servers` from anywhere while `run` keeps them fresh.

    :param fetch: one request, its decoded answer.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[Json]], *, call_waits: float = CALL_WAITS
    ) -> None:
        self._fetch = fetch
        self._call_waits = call_waits
        self._cached = _Cached((), -math.inf, -math.inf)
        self._fetching: asyncio.Task[None] | None = None
        self.fetched = self.failed = 0
        """How often there were some, and none, for metrics."""
        self.reason = "not asked yet"
        """Why there are none, for the log and for people; empty where there are."""

    async def ice_servers(self) -> list[IceServer]:
        """Servers that are good now; empty where there are none, and `reason` says why."""
        now = asyncio.get_running_loop().time
        if now() >= self._cached.refresh:
            await asyncio.wait([self._refresh()], timeout=self._call_waits)
        if now() >= self._cached.expires:
            if self._cached.servers:
                self.reason = "the credentials expired and the homeserver gives no new ones"
            return []
        return list(self._cached.servers)

    async def run(self) -> None:
        """Keep them fresh, until cancelled."""
        clock = asyncio.get_running_loop().time
        try:
            while True:
                await asyncio.sleep(max(0.0, self._cached.refresh - clock()))
                await asyncio.wait([self._refresh()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _refresh(self) -> asyncio.Task[None]:
        """The fetch under way, or a new one: all who wait share one request."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_once(), name="turn servers")
        return self._fetching

    async def _fetch_once(self) -> None:
        clock = asyncio.get_running_loop().time
        asked = clock()
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                answer = await self._fetch()
        except (MatrixError, TimeoutError) as error:
            reason, again = _why(error)
            self._none(reason, clock() + again)
            return
        servers, ttl = _parsed(answer)
        if not servers:
            self._none("the homeserver offers no TURN server", clock() + NONE_AGAIN, forget=True)
            return
        self.reason = ""
        self.fetched += 1
        margin = min(MARGIN, ttl / 2)
        # From the time of asking: the credentials are as old as the request took.
        self._cached = _Cached(servers, asked + ttl, max(asked + ttl - margin, clock() + 1.0))

    def _none(self, reason: str, again: float, *, forget: bool = False) -> None:
        """Nothing new now. What we have stays good until it expires, unless it was withdrawn."""
        self.failed += 1
        if reason != self.reason:
            log.info("No new TURN servers: %s", reason)
        old = self._cached
        valid = old.servers and not forget and old.expires > asyncio.get_running_loop().time()
        if valid:
            self._cached = _Cached(old.servers, old.expires, again)
        else:
            self._cached = _Cached((), -math.inf, again)
            self.reason = reason


def _why(error: BaseException) -> tuple[str, float]:
    """What to say, and after how many seconds to ask again."""
    if isinstance(error, RateLimitedError):
        return "the homeserver limits our rate", max(1.0, error.retry_after)
    if isinstance(error, RequestRefusedError):
        if error.status == 404:
            return "the homeserver has no TURN servers", NONE_AGAIN
        return f"the homeserver refuses them ({error.status} {error.errcode})", FORBIDDEN_AGAIN
    if isinstance(error, LoggedOutError):
        return "we are logged out", FORBIDDEN_AGAIN
    if isinstance(error, TransientError | TimeoutError):
        return "the homeserver did not answer in time or is in trouble", TROUBLE_AGAIN
    return str(error), TROUBLE_AGAIN


def _parsed(answer: Json) -> tuple[tuple[IceServer, ...], float]:
    """The servers in an answer and their ttl in seconds; none where it is empty or no use."""
    uris = answer.get("uris")
    urls = tuple(uri for uri in (uris if isinstance(uris, list) else ()) if _is_server(uri))
    username, password = answer.get("username"), answer.get("password")
    ttl = answer.get("ttl")
    seconds = DEFAULT_TTL
    if isinstance(ttl, int | float) and not isinstance(ttl, bool) and ttl > 0:
        seconds = min(float(ttl), LONGEST_TTL)
    named = isinstance(username, str) and username and isinstance(password, str) and password
    if not named:
        # A TURN server does not serve the nameless, STUN needs no name (RFC 8489, section 9).
        urls = tuple(url for url in urls if url.startswith("stun"))
    if not urls:
        return (), seconds
    server = IceServer(urls, str(username), str(password)) if named else IceServer(urls)
    return (server,), seconds


def _is_server(uri: object) -> bool:
    return isinstance(uri, str) and uri.startswith(SCHEMES) and len(uri) > len("turns:")
