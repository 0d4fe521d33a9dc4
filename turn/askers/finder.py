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

WELL_KNOWN_WITHIN = 5.0
"""Seconds, all redirects included: a part of what a whole question has."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REMEMBER_FAILURES = 2 * well_known.MAX_FAILURE_LIFETIME


@dataclass(frozen=True, slots=True)
class _WellKnown:
    delegated: ServerName | None
    """None: there is no valid file, and discovery goes on without one."""


class Finder:
    """Finds homeservers, and keeps what their well-known files say. Must be closed."""

    def __init__(
        self, network: Network, session: aiohttp.ClientSession, clock: Callable[[], float]
    ) -> None:
        """:param session: one whose connections are the network's."""
        self._network = network
        self._session = session
        self._clock = clock
        self._files: Flights[_WellKnown] = Flights(clock)
        self._failures: Kept[int] = Kept()

    async def route(self, name: ServerName) -> Route:
        """How to reach a server.

        :raises TooManyFlights: so many files are being fetched that this one is not.
        """
        step = first_step(name)
        if isinstance(step, Route):
            return step
        host = step.host
        found = await self._files.answer(host, host, lambda: self._well_known(host))
        next_step = after_well_known(name, found.delegated)
        if isinstance(next_step, Route):
            return next_step
        return await self._by_srv(next_step)

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
        try:
            async with asyncio.timeout(WELL_KNOWN_WITHIN):
                reply = await self._fetch(host)
            delegated = well_known.read_well_known(reply.body)
        except (fetch.FetchFailed, TimeoutError, ValueError):
            failures = 1 + (self._failures.get(host, self._clock()) or 0)
            self._failures.put(host, Answer(failures, REMEMBER_FAILURES), self._clock())
            return Answer(_WellKnown(None), well_known.failure_lifetime(failures))
        return Answer(_WellKnown(delegated), well_known.lifetime(reply.headers))

    async def _fetch(self, host: str) -> fetch.Reply:
        """The file, after redirects; each of them is looked at like the first URL."""
        url = URL.build(scheme="https", host=host, path=well_known.PATH)
        for _ in range(1 + well_known.MAX_REDIRECTS):
            reply = await fetch.get(
                self._session, url, within=WELL_KNOWN_WITHIN, limit=well_known.MAX_BYTES
            )
            if reply.status == 200:
                return reply
            if reply.status not in REDIRECTS:
                raise well_known.BadAnswer("no well-known file")
            url = well_known.redirected(url, reply.headers.get("Location"))
        raise well_known.BadAnswer("more redirects than anybody needs")
