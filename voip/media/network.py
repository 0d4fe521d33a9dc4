"""The network side of one call: ICE, its candidates, and the DTLS transport above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aioice import Candidate as IceCandidate
from aioice import Connection, TransportPolicy
from aiortc import RTCDtlsTransport, RTCIceServer
from aiortc.rtcicetransport import connection_kwargs

from voip.media import port_hosts, private
from voip.media.agreed import LocalTransport
from voip.media.gathering import Gathering
from voip.media.icelist import Resolver
from voip.media.path import Path
from voip.media.remote import RemoteCandidates
from voip.media.sdp import Layout
from voip.media.sections import Transport
from voip.media.settings import MediaSettings
from voip.media.shared_port import SharedPort


@dataclass(frozen=True, slots=True)
class Generation:
    """What one set of our ICE credentials stands for: the call's first, or that of a restart."""

    connection: Connection
    gathering: Gathering


class Network:
    """Create before aiortc gathers. `late` gets each candidate that comes after a description,
    and None when no more will come; `refused` is called for each packet that nobody can read."""

    def __init__(
        self,
        dtls: RTCDtlsTransport,
        settings: MediaSettings,
        resolver: Resolver,
        remote: RemoteCandidates,
        *,
        port: SharedPort | None,
        late: Callable[[IceCandidate | None], None],
        refused: Callable[[], None],
    ) -> None:
        private.accept_rsa(dtls)
        self.streams_seen = private.guard_input(dtls, refused)
        self._dtls, self._settings, self._resolver, self._late = dtls, settings, resolver, late
        self._remote = remote
        self._port = None if settings.relay_only else port
        first = private.connection_of(dtls.transport)
        self.generation = self._generation(first)
        self.path = Path(
            first,
            gather=self.generation.gathering.gather,
            restart_timeout=settings.connect_timeout,
            refused=refused,
        )
        private.put_path(dtls.transport, self.path)

    @property
    def connected(self) -> bool:
        """Whether media can flow."""
        return self._dtls.state == "connected"

    @property
    def complete(self) -> bool:
        """Whether all our candidates are known."""
        return self.generation.gathering.complete

    def local(self, generation: Generation) -> LocalTransport:
        """Our side of it for a description."""
        connection = generation.connection
        return LocalTransport(
            ufrag=connection.local_username,
            password=connection.local_password,
            candidates=tuple(one.to_sdp() for one in connection.local_candidates),
            complete=generation.gathering.complete,
            fingerprints=tuple(
                f"{one.algorithm} {one.value}"
                for one in self._dtls.getLocalParameters().fingerprints
            ),
        )

    async def stage(self, servers: Sequence[RTCIceServer]) -> Generation:
        """New credentials and candidates, for a restart that is yet to be agreed on."""
        policy = TransportPolicy.RELAY if self._settings.relay_only else TransportPolicy.ALL
        connection = Connection(
            ice_controlling=False, transport_policy=policy, **connection_kwargs([*servers])
        )
        generation = self._generation(connection)
        self.path.adopt(connection)
        try:
            await generation.gathering.gather()
        except BaseException:
            await self.discard(generation)  # sockets may be opening still
            raise
        return generation

    async def discard(self, generation: Generation) -> None:
        """The restart does not come about."""
        await generation.gathering.close()
        self.path.retire(generation.connection)

    async def restart(
        self, generation: Generation, transport: Transport, *, offered_by_peer: bool
    ) -> None:
        """Both sides have agreed on the restart: look for a path anew."""
        former, self.generation = self.generation, generation
        await former.gathering.close()
        connection = generation.connection
        connection.remote_username = transport.ufrag
        connection.remote_password = transport.password
        self.path.restart(connection, peer_first=offered_by_peer)

    async def described(self, layout: Layout) -> None:
        """The other side's candidates may come from now on."""
        await self._remote.start(self.generation.connection, layout)

    async def stop(self) -> None:
        """Look for nothing any more; aiortc closes the path."""
        await self._remote.close()
        await self.generation.gathering.close()

    def abandon(self) -> None:
        """Close relays without waiting for their servers."""
        for connection in self.path.connections:
            private.abandon_relays(connection)

    def _generation(self, connection: Connection) -> Generation:
        gathering = Gathering(connection, self._resolver, self._settings, self._late)
        if (port := self._port) is not None:
            port.name(connection)
            public, crowded = self._settings.public_addresses, gathering.open_more
            gathering.hosts = lambda: port_hosts.gather(connection, port, self, public, crowded)
        return Generation(connection, gathering)
