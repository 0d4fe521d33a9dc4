"""Which relays a client is told of: in its region, the same for both ends of a call, and alive.

Pure. A browser allocates on EVERY server that it is given, so an answer names one relay (all of
its addresses) unless the settings say more. Which one is decided by rendezvous hashing: everybody
with the same call id finds the same relay, and when one dies only its own calls move.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from turn.issuing import BadRequest

REMEMBERED = 1024

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Relay:
    """One server and the addresses that it is reached at."""

    region: str
    uris: tuple[str, ...]
    """`stun:`, `turn:` and `turns:`, the best first."""

    @property
    def name(self) -> str:
        """What it is told apart by; it stays the same when ports are added."""
        return host_of(self.uris[0])


@dataclass(frozen=True, slots=True)
class Choice:
    """A relay to tell: its addresses that answer."""

    name: str
    region: str
    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known about where the client is and whom it will talk to."""

    region: str | None = None
    """What it asks for itself."""
    network: str | None = None
    """The region of the network that it is in."""
    call: str | None = None
    """The id of the call or the room, which the other end says too."""


NO_WISH = Wish()


class Relays:
    """All relays, and the choice among them."""

    def __init__(self, relays: Sequence[Relay], *, at_once: int = 1) -> None:
        """:param at_once: how many relays one answer names."""
        if not relays:
            raise ValueError("there is no relay to choose from")
        self.all = tuple(relays)
        self.regions = tuple(dict.fromkeys(relay.region for relay in relays))
        self._at_once = at_once
        # The same few questions come again and again, and answers change only with `dead`.
        self._candidates = functools.lru_cache(REMEMBERED)(self._find_candidates)

    def choose(
        self,
        wish: Wish,
        whom: str,
        allowed: tuple[str, ...] = (),
        dead: frozenset[str] = frozenset(),
    ) -> Choice:
        """The addresses to tell.

        :param whom: what decides between relays where no call is named: the same asker stays on
            the same relay.
        :param allowed: the regions there are for this asker, the first one by default; empty: all.
        :param dead: the URIs that are known not to answer.
        :raises BadRequest: a region is asked for that there is not, or not for this asker.
        """
        # The ends of one call are in different networks, and must come to the same relay.
        network = wish.network if wish.call is None else None
        found = self._candidates(wish.region, network, allowed, dead)
        if len(found) > 1:
            found = rendezvous(wish.call or whom, found)
        first = found[0]
        if self._at_once == 1 or len(found) == 1:
            return first
        several = tuple(uri for each in found[: self._at_once] for uri in each.uris)
        return Choice(first.name, first.region, several)

    def _find_candidates(
        self,
        asked: str | None,
        network: str | None,
        allowed: tuple[str, ...],
        dead: frozenset[str],
    ) -> list[Choice]:
        regions = [each for each in allowed if each in self.regions] or list(self.regions)
        if asked is not None and asked not in regions:
            raise BadRequest(f"there is no such region; there are: {', '.join(regions)}")
        region = asked or (network if network in regions else regions[0])
        there = [relay for relay in self.all if relay.region == region]
        elsewhere = [relay for relay in self.all if relay.region in regions]
        # The client's region, then what else it may use, and then even what seems dead: the
        # prober may be the one who is cut off.
        return _living(there, dead) or _living(elsewhere, dead) or _living(there, frozenset())


def _living(relays: list[Relay], dead: frozenset[str]) -> list[Choice]:
    found = []
    for relay in relays:
        uris = tuple(uri for uri in relay.uris if uri not in dead)
        # A relay that answers STUN alone relays nothing.
        if any(is_turn(uri) for uri in uris):
            found.append(Choice(relay.name, relay.region, uris))
    return found


class Named(Protocol):
    """Whatever has a name to be found by."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def rendezvous(key: str, relays: Iterable[N]) -> list[N]:
    """The relays in the order of this key: highest random weight first (Thaler, Ravishankar)."""

    def weight(relay: N) -> bytes:
        text = f"{len(key)}:{key}{relay.name}"  # the length keeps key and name apart
        return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()

    return sorted(relays, key=weight)


def region_of(address: Address, networks: Mapping[Network, str]) -> str | None:
    """The region of the smallest network that an address is in."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # what a socket for both families calls an IPv4 client
    found = [network for network in networks if address in network]
    return networks[max(found, key=lambda network: network.prefixlen)] if found else None


def is_turn(uri: str) -> bool:
    """Whether it names a relay; `stun:` does not."""
    return uri.startswith(("turn:", "turns:"))


@functools.lru_cache(REMEMBERED)
def turn_alone(uris: tuple[str, ...]) -> list[str]:
    """Those that name a relay. Not to be changed: the same list is given to everybody."""
    return [uri for uri in uris if is_turn(uri)]


def host_of(uri: str) -> str:
    """`turn:[2001:db8::1]:3478?transport=udp` → `[2001:db8::1]` (RFC 7065 section 3.1)."""
    rest = uri.partition(":")[2].partition("?")[0]
    if rest.startswith("["):
        return rest.partition("]")[0] + "]"
    return rest.partition(":")[0]


def is_ipv6(uri: str) -> bool:
    """Whether the host is an IPv6 address, which those who split at colons misread."""
    return host_of(uri).startswith("[")
