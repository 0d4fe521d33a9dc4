"""Asks homeservers who the holder of a token is."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from turn.askers import fetch, openid
from turn.askers.discovery import Route
from turn.askers.finder import Finder
from turn.askers.kept import Answer, Flights, TooManyFlights
from turn.askers.model import (
    AskerError,
    BadToken,
    HomeserverSlow,
    HomeserverUnreachable,
    MatrixUser,
    NotAllowed,
)
from turn.askers.network import Network
from turn.askers.replies import read_userinfo, read_whoami
from turn.askers.server_names import ServerName, parse_server_name
from turn.askers.settings import AskerSettings

WHOAMI = "/_matrix/client/v3/account/whoami"
OURS = "our homeserver"
OPENID_KEPT = 300.0
"""Seconds for which a user is believed without asking again."""
WHOAMI_KEPT = 60.0
"""Shorter: somebody who logs out must soon be a stranger."""
BAD_TOKEN_KEPT = 30.0
FAILURE_KEPT = 5.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An error without the traceback, whose frames hold the token."""

    kind: type[AskerError]
    text: str


class MatrixAskers:
    """Proves who is asking. Use it as an async context manager.

    Tokens are kept as their SHA-256 alone, and for the same one a homeserver is asked once at a
    time. Every method raises AskerError, and no other error over what a stranger sent.
    """

    def __init__(
        self,
        settings: AskerSettings,
        network: Network | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param network: what other people's servers are reached by; the open internet where None.
        :param clock: seconds that only grow, so that setting the time does no harm.
        """
        self._settings = settings
        self._network = network or Network(settings.nameservers)
        self._clock = clock
        self._users: Flights[MatrixUser | _Refusal] = Flights(clock)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._network.open()
        async with AsyncExitStack() as stack:
            within = self._settings.within
            guarded = fetch.session(self._network.connector(), within)
            self._guarded = await stack.enter_async_context(guarded)
            # For addresses that the operator wrote down: nothing is forbidden to those.
            connector = aiohttp.TCPConnector(ssl=self._network.tls)
            self._trusted = await stack.enter_async_context(fetch.session(connector, within))
            self._finder = Finder(
                self._network,
                self._guarded,
                self._clock,
                within / 2,  # what is slow leaves time for SRV and the question
            )
            stack.push_async_callback(self._finder.close)
            stack.push_async_callback(self._users.close)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def by_openid(
        self, access_token: str, matrix_server_name: str, expires_in: float | None = None
    ) -> MatrixUser:
        """Whose OpenID token it is, according to the server that the client names.

        :param expires_in: seconds, as the client was told; nothing is kept for longer.
        :raises AskerError: see its kinds.
        """
        _check_token(access_token)
        key = _key("openid", matrix_server_name, access_token)
        found = self._users.kept(key)
        if found is None:
            name = self._allowed(matrix_server_name)
            lifetime = OPENID_KEPT if expires_in is None else min(expires_in, OPENID_KEPT)
            found = await self._answer(
                key, str(name), lambda: self._openid(name, access_token), lifetime
            )
        return _proven(found)

    async def by_access_token(self, token: str) -> MatrixUser:
        """Whose access token it is at the operator's own homeserver.

        :raises AskerError: see its kinds.
        """
        _check_token(token)
        base = self._settings.homeserver_url
        if base is None:
            raise NotAllowed("access tokens are not taken here: no homeserver is configured")
        key = _key("whoami", base, token)
        found = self._users.kept(key)
        if found is None:
            found = await self._answer(key, OURS, lambda: self._whoami(base, token), WHOAMI_KEPT)
        user = _proven(found)
        if user.guest and not self._settings.guests:
            raise NotAllowed("guests may not ask here: the settings leave them out")
        return user

    def _allowed(self, server_name: str) -> ServerName:
        """Looked at before any packet leaves. What is kept has passed here."""
        try:
            name = parse_server_name(server_name)
        except ValueError:
            raise NotAllowed("matrix_server_name is not the name of a Matrix server") from None
        if not self._settings.allows(name):
            raise NotAllowed(f"users of {name} may not ask here: it is not on the list of servers")
        return name

    async def _answer(
        self,
        key: str,
        server: str,
        ask: Callable[[], Awaitable[MatrixUser]],
        lifetime: float,
    ) -> MatrixUser | _Refusal:
        """:param server: who is asked, in words for the operator."""
        try:
            return await self._users.answer(
                key, server, lambda: self._settle(server, ask, lifetime)
            )
        except TooManyFlights:
            return _Refusal(HomeserverSlow, f"too many questions wait already to ask {server}")

    async def _settle(
        self, server: str, ask: Callable[[], Awaitable[MatrixUser]], lifetime: float
    ) -> Answer[MatrixUser | _Refusal]:
        """The answer, or why there is none, and how long either counts."""
        try:
            async with asyncio.timeout(self._settings.within):
                return Answer(await ask(), lifetime)
        except BadToken as error:
            return Answer(_Refusal(BadToken, str(error)), BAD_TOKEN_KEPT)
        except AskerError as error:
            return Answer(_Refusal(type(error), str(error)), FAILURE_KEPT)
        except (TimeoutError, fetch.FetchSlow):
            slow = _Refusal(HomeserverSlow, f"{server} did not answer in time")
            return Answer(slow, FAILURE_KEPT)
        except TooManyFlights:
            busy = _Refusal(HomeserverSlow, f"too many files are being fetched to find {server}")
            return Answer(busy, 0)
        except fetch.FetchFailed as error:
            away = _Refusal(HomeserverUnreachable, f"{server} cannot be asked: {error}")
            return Answer(away, FAILURE_KEPT)

    async def _openid(self, name: ServerName, token: str) -> MatrixUser:
        base = self._settings.override(name)
        if base is not None:
            reply = await self._get_trusted(openid.userinfo_url(base, token))
        else:
            reply = await self._get_over(await self._finder.route(name), token)
        return read_userinfo(reply, str(name), self._settings.server_name)

    async def _whoami(self, base: str, token: str) -> MatrixUser:
        home = URL(base)
        url = home.with_path(home.path.rstrip("/") + WHOAMI)
        reply = await self._get_trusted(url, {"Authorization": f"Bearer {token}"})
        return read_whoami(reply, self._settings.server_name)

    async def _get_over(self, route: Route, token: str) -> fetch.Reply:
        """What the first place says that answers at all.

        :raises FetchFailed: none does; of several reasons, the last.
        """
        failure = fetch.FetchFailed("there is no server")
        for place in route.places:
            try:
                return await openid.ask(self._guarded, route, place, token, self._settings.within)
            except fetch.FetchFailed as error:
                failure = error
        raise failure

    async def _get_trusted(self, url: URL, headers: dict[str, str] | None = None) -> fetch.Reply:
        within = self._settings.within
        return await fetch.get(self._trusted, url, within=within, headers=headers)


def _check_token(token: str) -> None:
    if not _TOKEN.fullmatch(token):
        raise BadToken("a token has 1 to 4096 printable ASCII characters, and no spaces")


def _proven(found: MatrixUser | _Refusal) -> MatrixUser:
    if isinstance(found, _Refusal):
        raise found.kind(found.text)
    return found


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
