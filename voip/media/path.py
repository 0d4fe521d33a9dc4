"""The network path of a call, which an ICE restart replaces under it.

aioice 0.13 has no ICE restart: a Connection keeps its credentials for life. So a restart is a new
Connection beside the old one. This object stands in the place of both below aiortc's transport,
which notices nothing: DTLS, SRTP and every stream go on. The old connection carries the packets
until the new one has found a path (RFC 8445 §9), and what arrives on either of them is received.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aioice import Candidate, Connection, ConnectionClosed
from aioice.ice import StunProtocol
from aioice.stun import Message

from voip.media import private
from voip.media.consent import Consent

MAX_WAITING = 1000
"""Datagrams that wait for the transport above; it reads them at once when it runs."""
MAX_RETIRING = 4
"""Connections that wait for their TURN servers to confirm the end; a peer may restart in a loop."""
PEER_FIRST = 2.0
"""Seconds for which checks wait for those of a peer that does not know our answer yet."""


class Path:
    """What aiortc's `RTCIceGatherer` and `RTCIceTransport` need of an aioice Connection."""

    def __init__(
        self,
        first: Connection,
        *,
        gather: Callable[[], Awaitable[None]],
        restart_timeout: float,
        refused: Callable[[], None],
    ) -> None:
        """`gather` finds the first one's candidates; `refused` is called for each datagram that
        is none. A restart that found no path after `restart_timeout` seconds is given up."""
        self._first = first
        """What aiortc knows of: it hands on the credentials of the first descriptions."""
        self._gather = gather
        self._restart_timeout = restart_timeout
        self._refused = refused
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._current = first
        """Carries what is sent."""
        self._newest = first
        """Looks for a path, where it is not the current one."""
        self._found_once = self._alive = False
        """A path was ever found; the current one still has it."""
        self._searches: set[asyncio.Task[None]] = set()
        self._retiring: dict[asyncio.Task[None], Connection] = {}
        self._outcome: asyncio.Future[None] | None = None
        self._checked = asyncio.Event()
        """The other side has checked the newest one."""
        self._lost = asyncio.Event()
        self.short_way: Callable[[bytes], bool] | None = None
        """Asked first: whether it took the datagram. The rest waits for aiortc."""
        self.arrivals = 0
        """Datagrams and connectivity checks of the other side, and answers to ours, so far."""
        self.restarts = 0
        """Searches for another path that were agreed on."""
        self._consents: dict[Connection, Consent] = {}
        self.adopt(first)

    @property
    def connection(self) -> Connection:
        """The newest, which candidates belong to."""
        return self._newest

    @property
    def carrying(self) -> Connection:
        """The one through which what is sent goes out."""
        return self._current

    @property
    def connections(self) -> set[Connection]:
        """All that still hold a socket or a relay."""
        return {self._current, self._newest, *self._retiring.values()}

    def adopt(self, connection: Connection) -> None:
        """Receive what comes in on a connection, from before its description is answered."""
        connection.data_received = self._received  # type: ignore[method-assign]
        original, request = connection.protocol_lost, connection.request_received

        def request_received(
            message: Message, addr: tuple[str, int], protocol: StunProtocol
        ) -> None:
            self.arrivals += 1
            if connection is self._newest:
                self._checked.set()
            request(message, addr, protocol)

        def protocol_lost(protocol: StunProtocol) -> None:
            if private.carries(connection, protocol):
                self._gone(connection)
            original(protocol)

        consent = Consent(connection, answered=self._heard, expired=lambda: self._gone(connection))
        self._consents[connection] = consent
        connection.query_consent = consent.watch  # type: ignore[method-assign]
        connection.request_received = request_received  # type: ignore[method-assign]
        connection.protocol_lost = protocol_lost  # type: ignore[method-assign]

    def restart(self, connection: Connection, *, peer_first: bool = False) -> None:
        """Look for a path with a connection that knows both sides' credentials.

        `peer_first`: it is the other side's offer that restarts. A check of ours that comes before
        our answer is to it one of an unknown, peer-reflexive candidate. Chromium 156 does not
        check such a pair itself while the former path works, not even when the answer names the
        candidate: it would stay on the former path for good.
        """
        # RFC 8445 §9: a restart does not change the roles.
        connection.ice_controlling = self._newest.ice_controlling
        connection.remote_is_lite = self._first.remote_is_lite
        former, self._newest = self._newest, connection
        self.restarts += 1
        self._checked = asyncio.Event()
        if not self._found_once:
            self._current = connection  # nothing is carried yet: the first search is this one's
        if former is not self._current:
            self.retire(former)
        if self._outcome is not None:
            timeout = self._restart_timeout if self._found_once else None
            self._begin(connection, timeout, peer_first=peer_first and self._found_once)

    def check(self) -> None:
        """Ask the other side whether it is there; its answer counts among the arrivals."""
        if (consent := self._consents.get(self._current)) is not None:
            consent.check()

    def retire(self, connection: Connection) -> None:
        """Close a connection that is no longer needed, in a task that `close` awaits."""
        for slow in [*self._retiring.values()][:-MAX_RETIRING]:
            private.abandon_relays(slow)
        self._consents.pop(connection, None)
        task = asyncio.create_task(connection.close())
        self._retiring[task] = connection
        task.add_done_callback(lambda done: self._retiring.pop(done, None))

    # --- for aiortc's gatherer ---

    @property
    def local_username(self) -> str:
        return self._newest.local_username

    @property
    def local_password(self) -> str:
        return self._newest.local_password

    @property
    def local_candidates(self) -> list[Candidate]:
        return self._newest.local_candidates

    async def gather_candidates(self) -> None:
        await self._gather()

    # --- for aiortc's ICE transport ---

    @property
    def ice_controlling(self) -> bool:
        return self._newest.ice_controlling

    @ice_controlling.setter
    def ice_controlling(self, controlling: bool) -> None:
        self._newest.ice_controlling = controlling

    @property
    def remote_is_lite(self) -> bool:
        return self._newest.remote_is_lite

    @remote_is_lite.setter
    def remote_is_lite(self, lite: bool) -> None:
        self._first.remote_is_lite = lite

    @property
    def remote_username(self) -> str | None:
        return self._newest.remote_username

    @remote_username.setter
    def remote_username(self, username: str) -> None:
        self._first.remote_username = username

    @property
    def remote_password(self) -> str | None:
        return self._newest.remote_password

    @remote_password.setter
    def remote_password(self, password: str) -> None:
        self._first.remote_password = password

    async def connect(self) -> None:
        """Returns when a path is found. Raises ConnectionError when there is none."""
        if self._lost.is_set():
            raise ConnectionError
        self._outcome = asyncio.get_running_loop().create_future()
        self._begin(self._newest, None, peer_first=False)
        await self._outcome

    async def get_event(self) -> ConnectionClosed:
        """Returns when the path is lost for good."""
        await self._lost.wait()
        return ConnectionClosed()

    async def recv(self) -> bytes:
        """The next datagram that is not ICE's own. Raises ConnectionError once the path is lost."""
        data = None if self._lost.is_set() else await self._queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def send(self, data: bytes) -> None:
        """Raises ConnectionError where no path was found yet, or the last one is lost."""
        self.send_now(data)

    def send_now(self, data: bytes) -> None:
        """Raises ConnectionError as `send` does."""
        if self._alive:
            private.send_now(self._current, data)
        elif self._newest is self._current or self._lost.is_set():
            raise ConnectionError
        # else a new path is looked for: packets are lost, and who sends them goes on

    async def close(self) -> None:
        for task in self._searches:
            task.cancel()
        await asyncio.gather(*self._searches, return_exceptions=True)
        for connection in {self._current, self._newest}:
            self.retire(connection)
        await asyncio.gather(*self._retiring)
        self._lose()

    def _heard(self) -> None:
        self.arrivals += 1

    def _received(self, data: bytes, component: int) -> None:
        self.arrivals += 1
        if self.short_way is not None and self.short_way(data):
            return
        # aiortc 1.16 ends its transport over an empty datagram, which anybody can send.
        if not data or self._queue.qsize() >= MAX_WAITING:
            self.arrivals -= 1
            self._refused()
            return
        self._queue.put_nowait(data)

    def _begin(self, connection: Connection, timeout: float | None, *, peer_first: bool) -> None:
        task = asyncio.create_task(self._search(connection, timeout, peer_first))
        self._searches.add(task)
        task.add_done_callback(self._searches.discard)

    async def _search(
        self, connection: Connection, timeout: float | None, peer_first: bool
    ) -> None:
        if peer_first:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._checked.wait(), PEER_FIRST)
        try:
            async with asyncio.timeout(timeout):
                await connection.connect()
        except (ConnectionError, TimeoutError):
            self._not_found(connection)
            return
        self._found(connection)
        await connection.get_event()  # consent to send is gone (RFC 7675 §5.1), or it was closed
        self._gone(connection)

    def _found(self, connection: Connection) -> None:
        if connection is not self._newest:
            return  # another restart has begun meanwhile
        former, self._current = self._current, connection
        self._found_once = self._alive = True
        if former is not connection:
            self.retire(former)
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(None)

    def _not_found(self, connection: Connection) -> None:
        if connection is not self._newest:
            return
        if self._alive:  # the former path is as good as it was
            self._newest = self._current
            self.retire(connection)
        else:
            self._lose()

    def _gone(self, connection: Connection) -> None:
        if connection is not self._current:
            return
        self._alive = False
        if self._newest is self._current:
            self._lose()

    def _lose(self) -> None:
        self._alive = False
        if self._lost.is_set():
            return
        self._lost.set()
        self._queue.put_nowait(None)
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(ConnectionError())
