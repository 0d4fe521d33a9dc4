"""The words of the relay: who talks to it, what it keeps for them, what is to be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from turn.relay.buckets import Bucket
from turn.stun.names import Family
from turn.stun.values import Address


class Transport(Enum):
    """Between client and relay; between relay and peer it is always UDP."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class FiveTuple(NamedTuple):
    """What identifies a client (RFC 8656 section 2.2)."""

    transport: Transport
    client: Address
    server: Address

    def __repr__(self) -> str:  # a client's address must not reach a log
        return f"FiveTuple({self.transport.value})"


class Instant(NamedTuple):
    """One moment on both clocks. Timers use the first, which nobody can set."""

    now: float
    """Seconds of a monotonic clock."""
    wall: float
    """Unix time in seconds: what a credential's expiry is compared with."""


@dataclass(slots=True)
class Channel:
    """A channel number that stands for a peer (RFC 8656 section 12)."""

    number: int
    peer: Address = field(repr=False)
    is_ipv6: bool
    expires: float


@dataclass(slots=True)
class Allocation:
    """What one client has on the relay (RFC 8656 section 3.2)."""

    number: int
    """Ours, never used twice in one process."""
    path: FiveTuple
    username: str
    relay_id: str
    """The part of the username that quotas count."""
    relays: dict[Family, Address]
    """The relayed transport addresses as clients are told them: one, or one of each family."""
    expires: float
    transaction_id: bytes
    """Of its Allocate request, which may come again (RFC 8656 section 7.2, step 2)."""
    response: tuple[tuple[int, bytes], ...]
    to_peers: Bucket | None
    to_client: Bucket | None
    """The bandwidth that is left, each way by itself; None without a limit."""
    permissions: dict[str, float] = field(default_factory=dict)
    """Until when packets of an IP address pass (section 9)."""
    channels: dict[int, Channel] = field(default_factory=dict)
    peers: dict[Address, Channel] = field(default_factory=dict)
    """The same channels by their peer."""

    def __repr__(self) -> str:  # the path and the username are nobody's business
        return f"Allocation({self.number})"


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this to the client whose message was handled, on the way it came."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToPeer:
    """Send a datagram from a relayed address to a peer: what a Send indication asks for."""

    number: int
    peer: Address
    data: bytes
    dont_fragment: bool

    def __repr__(self) -> str:
        return f"ToPeer({self.number}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class OpenRelay:
    """Bind sockets for a new allocation, then call `Core.opened` with this number at once."""

    number: int
    families: tuple[Family, ...]
    """The first one is needed, a second one is wished for (ADDITIONAL-ADDRESS-FAMILY)."""
    even: bool = False
    """The port must be even (EVEN-PORT)."""
    reserve: bytes | None = field(default=None, repr=False)
    """Hold the next higher port too, under this token."""
    token: bytes | None = field(default=None, repr=False)
    """Take the socket that is held under this token, and open none."""


class OpenFailure(Enum):
    NO_SUCH_FAMILY = "the relay has no address of the family"
    NO_PORT = "every port of the range is taken"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of an OpenRelay: an address or a failure for each family."""

    relays: dict[Family, Address | OpenFailure]


@dataclass(frozen=True, slots=True)
class CloseRelay:
    """The allocation is over: close its sockets, and forget the client's way to it."""

    allocation: Allocation


@dataclass(frozen=True, slots=True)
class CloseFamily:
    """One of the two relayed addresses of an allocation is over."""

    allocation: Allocation
    family: Family


@dataclass(frozen=True, slots=True)
class CloseReserved:
    """Nobody came for a held port."""

    token: bytes = field(repr=False)


Action = Reply | ToPeer | OpenRelay | CloseRelay | CloseFamily | CloseReserved
