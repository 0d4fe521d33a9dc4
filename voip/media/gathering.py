"""Local candidates, without waiting for a server that does not answer.

Host candidates are there at once. STUN and TURN get a short while; what they say later is handed
on as trickled candidates (RFC 8838), and what they never say is given up.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from aioice.candidate import Candidate as IceCandidate
from aioice.ice import (
    Connection,
    StunProtocol,
    relayed_candidate,
    server_reflexive_candidate,
)
from aioice.stun import TransactionError, TransactionFailed

from voip.media import private
from voip.media.icelist import Resolver
from voip.media.settings import MediaSettings

log = logging.getLogger(__name__)


class Gathering:
    """The gathering of one ICE connection, in place of aioice's own.

    `late` is called with each candidate that came after `gather` returned, and with None once no
    more will come.
    """

    def __init__(
        self,
        connection: Connection,
        resolver: Resolver,
        settings: MediaSettings,
        late: Callable[[IceCandidate | None], None],
    ) -> None:
        self._relay_only = settings.relay_only
        self.connection = connection
        self._resolver = resolver
        self._settings = settings
        self._late = late
        self.hosts: Callable[[], None] | None = None
        """Gathers the host candidates in place of aioice, at once. Set it before `gather`."""
        self._hosts = connection.gather_candidates
        self._tasks: set[asyncio.Task[None]] = set()
        self.problems: dict[str, None] = {}
        """Why a server gave no candidate, each once, as in `turn: refused (401)`."""
        self._opening: asyncio.Future[Any] | None = None
        """The opening of sockets, which is never left half done."""
        self._returned = False
        self._started = False
        self._opened_more = self._closed = False

    @property
    def complete(self) -> bool:
        return self._returned and not self._tasks

    async def gather(self) -> None:
        """Host candidates, then servers for at most `gather_timeout`."""
        if self._started or self._closed:  # the call may be given up before it gathers
            return
        self._started = True
        connection = self.connection
        stun, turn = connection.stun_server, connection.turn_server
        # Without servers aioice gathers host candidates alone, and none for relays only.
        connection.stun_server = connection.turn_server = None
        if self.hosts is not None:
            self.hosts()
        else:
            # Shielded: who is cancelled here must not leave sockets that no connection knows of.
            self._opening = asyncio.ensure_future(self._hosts())
            await asyncio.shield(self._opening)
        if self._closed:
            return
        if stun:
            for protocol in private.protocols_of(connection):
                if "." in protocol.local_candidate.host:  # aioice asks STUN over IPv4 alone
                    self._start("stun", self._reflexive(protocol, stun))
        if turn:
            self._start("turn", self._relay(turn))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.gather_timeout)
        self._returned = True

    def open_more(self) -> None:
        """Open sockets for this call alone, once, since the shared port does not do; what they
        give is trickled."""
        if not self._opened_more and not self._closed:
            self._opened_more = True
            self._start("host", self._own_sockets())

    async def close(self) -> None:
        """Look no further; what was found stays with its connection."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)

    def _start(self, server: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._bounded(server, work))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self.complete and not task.cancelled():
            self._late(None)

    async def _bounded(self, server: str, work: Coroutine[None, None, None]) -> None:
        try:
            async with asyncio.timeout(
                self._settings.gather_timeout + self._settings.late_gather_timeout
            ):
                await work
        except (OSError, TransactionError, ValueError, KeyError) as error:
            self.problems[f"{server}: {_why(error)}"] = None
            log.info("a STUN or TURN server gave no candidate: %s", type(error).__name__)

    async def _own_sockets(self) -> None:
        # Shielded for the same reason as in `gather`.
        opening = asyncio.ensure_future(private.open_sockets(self.connection))
        self._opening = opening
        for candidate in await asyncio.shield(opening):
            self._late(candidate)

    async def _reflexive(self, protocol: StunProtocol, server: tuple[str, int]) -> None:
        address = await self._resolver.resolve(server[0], socket.AF_INET)
        candidate, _ = await server_reflexive_candidate(protocol, (address, server[1]))
        self._take(candidate)

    async def _relay(self, server: tuple[str, int]) -> None:
        connection = self.connection
        address = await self._resolver.resolve(server[0])
        # A certificate is checked against the name, so TLS needs it in place of the address.
        target = (server[0] if connection.turn_ssl else address, server[1])
        candidate, protocol = await relayed_candidate(
            component=1,
            hide_related_address=self._relay_only,
            protocol_factory=lambda: StunProtocol(connection),
            turn_server=target,
            turn_username=connection.turn_username,
            turn_password=connection.turn_password,
            turn_ssl=connection.turn_ssl,
            turn_transport=connection.turn_transport,
        )
        self._take(candidate, protocol)

    def _take(self, candidate: IceCandidate, protocol: StunProtocol | None = None) -> None:
        private.adopt(self.connection, candidate, protocol)
        if self._returned:
            self._late(candidate)


def _why(error: Exception) -> str:
    """Never the server's own words, nor its name."""
    match error:
        case TransactionFailed(response=response):
            code = response.attributes.get("ERROR-CODE", ("?",))[0]
            return f"refused ({code})"
        case TransactionError() | TimeoutError():
            return "did not answer in time"
        case socket.gaierror():
            return "its name could not be looked up"
        case ssl.SSLError():
            return "its TLS certificate or version was not accepted"
        case OSError():
            return "could not be reached"
    return "answered something that is no STUN"
