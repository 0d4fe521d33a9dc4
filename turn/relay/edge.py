"""Does what the core decides: answers, opens and closes sockets, keeps its one timer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from turn.relay.buckets import Bucket, source_of
from turn.relay.core import Core
from turn.relay.lanes import Lane, ToClient, Traffic
from turn.relay.model import (
    Action,
    Allocation,
    CloseFamily,
    CloseRelay,
    CloseReserved,
    FiveTuple,
    Instant,
    Opened,
    OpenFailure,
    OpenRelay,
    Reply,
    ToPeer,
)
from turn.relay.sockets import NoPort, RelaySocket, RelaySockets
from turn.relay.stream import StreamClient
from turn.stun.names import Family
from turn.stun.values import Address, family_of
from turn.tiers import TIERS, tier_of

SOONEST: Final = 0.005
"""Seconds between two looks at what has expired."""
STRANGERS_PER_SOURCE: Final = 64
"""Connections without an allocation that one address (IPv6: /64) may have: it must not be able to
take all that there are."""


@dataclass(slots=True)
class Held:
    """The sockets of one allocation, and whose it is."""

    lane: Lane
    client: ToClient
    sockets: dict[Family, RelaySocket]


class Edge:
    """What clients and peers meet; see `core.py` for who decides.

    :param wall: gives Unix time in seconds.
    :param most_connections: of TCP and TLS clients together.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        core: Core,
        addresses: dict[Family, RelaySockets],
        *,
        wall: Callable[[], float],
        random: Callable[[int], bytes],
        total_bandwidth: float | None,
        most_connections: int,
    ) -> None:
        self.core = core
        self.by_tier = {tier: Traffic() for tier in TIERS}
        """Each lane counts for the tier of its allocation."""
        self.no_tier = Traffic()
        """What came from clients without an allocation, or was too much for a connection."""
        self._loop = loop
        self._addresses = addresses
        self._wall = wall
        self._random = random
        self._most_connections = most_connections
        limit = total_bandwidth
        self._total = Bucket(limit, limit, loop.time()) if limit else None
        self._held: dict[int, Held] = {}
        self._reserved: dict[bytes, RelaySocket] = {}
        self._connections: set[StreamClient] = set()
        self._strangers: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def traffic(self) -> Traffic:
        """Everything together, as it is now."""
        return Traffic.sum((*self.by_tier.values(), self.no_tier))

    def control(self, data: bytes, path: FiveTuple, client: ToClient) -> None:
        """Anything but ChannelData of a known client."""
        instant = Instant(self._loop.time(), self._wall())
        self._answer(self.core.handle(data, path, instant), path, client)

    def connected(self, connection: StreamClient, path: FiveTuple) -> bool:
        source = source_of(path.client[0])
        is_full = len(self._connections) >= self._most_connections
        if is_full or self._strangers[source] >= STRANGERS_PER_SOURCE:
            self.core.counts.dropped["too many connections"] += 1
            return False
        self._connections.add(connection)
        self._strangers[source] += 1
        return True

    def recognised(self, path: FiveTuple) -> None:
        source = source_of(path.client[0])
        self._strangers[source] -= 1
        if not self._strangers[source]:
            del self._strangers[source]

    def disconnected(self, connection: StreamClient, path: FiveTuple) -> None:
        self._connections.discard(connection)
        self._perform(self.core.disconnected(path))

    def revoke(self, name: str, until: float) -> int:
        """Gives how many allocations it ended."""
        actions = self.core.revoke(name, until)
        self._perform(actions)
        return len(actions)

    def close(self) -> None:
        self._perform(self.core.close())
        if self._timer is not None:
            self._timer.cancel()
        for connection in tuple(self._connections):
            connection.abort()

    def _answer(self, actions: list[Action], path: FiveTuple, client: ToClient) -> None:
        """What a message of a client's leads to."""
        for action in actions:
            match action:
                case Reply(data):
                    client.send(data)
                case OpenRelay():
                    self._open(action, path, client)
                case ToPeer():
                    self._to_peer(action)
                case _:
                    self._end(action)
        if actions:
            self._arm()

    def _perform(self, actions: list[Action]) -> None:
        """What happens without a message."""
        for action in actions:
            self._end(action)
        self._arm()

    def _end(self, action: Action) -> None:
        match action:
            case CloseRelay(allocation):
                self._close(allocation)
            case CloseFamily(allocation, family):
                self._held[allocation.number].sockets.pop(family).close()
            case CloseReserved(token):
                self._reserved.pop(token).close()

    def _open(self, action: OpenRelay, path: FiveTuple, client: ToClient) -> None:
        sockets: dict[Family, RelaySocket] = {}
        relays: dict[Family, Address | OpenFailure] = {}
        if action.token is not None:
            held = self._reserved.pop(action.token)
            self._add(held, sockets, relays)
        else:
            for family in action.families:
                relays[family] = OpenFailure.NO_SUCH_FAMILY
                if family in self._addresses:
                    self._bind(action, family, sockets, relays)
        answer = self.core.opened(action.number, Opened(relays))
        allocation = self.core.allocation(path)
        if allocation is not None and allocation.number == action.number:
            self._start(allocation, client, sockets)
        else:
            self._give_up(action, sockets)
        self._answer(answer, path, client)

    def _bind(
        self,
        action: OpenRelay,
        family: Family,
        sockets: dict[Family, RelaySocket],
        relays: dict[Family, Address | OpenFailure],
    ) -> None:
        source = self._addresses[family]
        try:
            if action.reserve is not None:
                first, self._reserved[action.reserve] = source.open_pair()
            else:
                first = source.open(even=action.even)
        except NoPort:
            relays[family] = OpenFailure.NO_PORT
            return
        self._add(first, sockets, relays)

    def _add(
        self,
        opened: RelaySocket,
        sockets: dict[Family, RelaySocket],
        relays: dict[Family, Address | OpenFailure],
    ) -> None:
        family = family_of(opened.ip)
        sockets[family] = opened
        relays[family] = (self._addresses[family].told, opened.port)

    def _start(
        self, allocation: Allocation, client: ToClient, sockets: dict[Family, RelaySocket]
    ) -> None:
        traffic = self.by_tier[tier_of(allocation.username)]
        lane = Lane(allocation, client, traffic, self._total, self._random)
        for family, each in sockets.items():
            each.start(lane, family)
        self._held[allocation.number] = Held(lane, client, sockets)
        client.attach(lane)

    def _give_up(self, action: OpenRelay, sockets: dict[Family, RelaySocket]) -> None:
        for each in sockets.values():
            each.close()
        if action.reserve is not None and action.reserve in self._reserved:
            self._reserved.pop(action.reserve).close()

    def _close(self, allocation: Allocation) -> None:
        held = self._held.pop(allocation.number)
        held.client.detach()
        for each in held.sockets.values():
            each.close()

    def _to_peer(self, action: ToPeer) -> None:
        held = self._held[action.number]
        family = family_of(action.peer[0])
        if action.dont_fragment and family is Family.IPV4:
            try:
                held.sockets[family].send_unfragmented(action.data, action.peer)
            except OSError:
                self.no_tier.unsendable += 1
            return
        is_ipv6 = family is Family.IPV6
        held.lane.to_peer(action.data, action.peer, is_ipv6=is_ipv6, now=self._loop.time())

    def _arm(self) -> None:
        """One timer, for the earliest thing that expires."""
        deadline = self.core.deadline()
        if self._timer is not None:
            if deadline is not None and self._timer.when() == deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        # The loop may wake a little early: what is due within its resolution counts as due.
        self._perform(self.core.advance(self._loop.time() + SOONEST))
