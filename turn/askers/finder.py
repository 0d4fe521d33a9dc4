"""Walks the steps of `discovery`: fetches well-known files and looks SRV records up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from yarl import URL

from turn.askers import fetch, well_known
from turn.askers.discovery import AskSrv, Route, after_srv, after_well_known, first_step
from turn.askers.kept import Answer, Flights, Kept
from turn.askers.network import Network
from turn.askers.server_names import ServerName

REDIRECTS = frozenset({301, 302, 303, 307, 308})
REMEMBER_FAILURES = 2 * well_known.MAX_FAILURE_LIFETIME


@dataclass(frozen=True, slots=True)
class _WellKnown:
    delegated: ServerName | None
    """None: there is no valid file, and discovery goes on without one."""


class Finder:
    """Finds homeservers, and keeps what their well-known files say. Must be closed."""

    def __init__(
        self,
        network: Network,
        session: aiohttp.ClientSession,
        clock: Callable[[], float],
        within: float,
    ) -> None:
        """
        :param session: one whose connections are the network's.
        :param within: seconds that a well-known file may take, all redirects included.
        """
        self._network = network
        self._session = session
        self._clock = clock
        self._within = within
        self._files: Flights[_WellKnown] = Flights(clock)
        self._failures: Kept[int] = Kept()
        self._last: Kept[_WellKnown] = Kept()
        """The last valid file, for two days whatever its headers said."""

    async def route(self, name: ServerName) -> Route:
        """How to reach a server.

        :raises TooManyFlights: so many files are being fetched that this one is not.
        """
        step = first_step(name)
        if isinstance(step, Route):
            return step
        host = step.host.lower()
        found = await self._files.answer(host, host, lambda: self._well_known(host))
        next_step = after_well_known(name, found.delegated)
        if isinstance(next_step, Route):
            return next_step
        return await self._by_srv(next_step)

    async def read(self, host: str) -> tuple[ServerName, float]:
        """What a host's well-known file says now, and the seconds for which that counts.

        :raises FetchFailed: it cannot be had. :raises TimeoutError: not in time.
        :raises ValueError: there is none, or it is not valid.
        """
        async with asyncio.timeout(self._within):
            reply = await self._fetch(host)
        return well_known.read_well_known(reply.body), well_known.lifetime(reply.headers)

    async def close(self) -> None:
        await self._files.close()

    async def _by_srv(self, asked: AskSrv) -> Route:
        for record in asked.records:
            try:
                places = await self._network.srv(record)
            except OSError:
                continue  # as if there were none: the certificate must fit all the same
            if places:
                return after_srv(asked, places)
        return after_srv(asked, ())

    async def _well_known(self, host: str) -> Answer[_WellKnown]:
        now = self._clock()
        try:
            delegated, lifetime = await self.read(host)
        except (fetch.FetchFailed, TimeoutError):
            # Nobody took the file away: while its server is down, what it said last counts.
            found = self._last.get(host, now) or _WellKnown(None)
            return Answer(found, self._failed(host, now))
        except ValueError:
            return Answer(_WellKnown(None), self._failed(host, now))
        found = _WellKnown(delegated)
        self._failures.drop(host)
        self._last.put(host, Answer(found, well_known.MAX_LIFETIME), now)
        return Answer(found, lifetime)

    def _failed(self, host: str, now: float) -> float:
        """Count a failure; the seconds before the file is asked for again."""
        failures = 1 + (self._failures.get(host, now) or 0)
        self._failures.put(host, Answer(failures, REMEMBER_FAILURES), now)
        return well_known.failure_lifetime(failures)

    async def _fetch(self, host: str) -> fetch.Reply:
        """The file, after redirects; each of them is looked at like the first URL."""
        url = URL.build(scheme="https", host=host, path=well_known.PATH)
        for _ in range(1 + well_known.MAX_REDIRECTS):
            reply = await fetch.get(
                self._session, url, within=self._within, limit=well_known.MAX_BYTES
            )
            if reply.status == 200:
                return reply
            if reply.status >= 500:
                raise fetch.FetchFailed("its well-known file cannot be had now")
            if reply.status not in REDIRECTS:
                raise well_known.BadAnswer("no well-known file")
            url = well_known.redirected(url, reply.headers.get("Location"))
        raise well_known.BadAnswer("more redirects than anybody needs")
