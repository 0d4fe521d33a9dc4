"""Where a relay must not send its clients' packets, in every way such an address can be written.

A relay stands inside its owner's network, so a peer address is a request to reach something from
there: without rules any client could talk to the owner's databases and metadata services
(RFC 8656 section 21.4.1 leaves that to local policy; this is ours). An IPv6 address may carry an
IPv4 one, and the system or a translator then sends to that: `::ffff:10.0.0.1` is `10.0.0.1`.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAPPED = IPv6Network("::ffff:0:0/96")
"""RFC 4291 section 2.5.5.2; an IPv6 socket sends to the IPv4 host."""
COMPATIBLE = IPv6Network("::/96")
"""RFC 4291 section 2.5.5.1; `::` and `::1` are in it too."""
TRANSLATED = IPv6Network("::ffff:0:0:0/96")
"""RFC 2765 section 2.1, of stateless translators."""
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052 section 2.1."""
SIX_TO_FOUR = IPv6Network("2002::/16")
"""RFC 3056 section 2: the IPv4 address is in bits 16 to 47."""
TEREDO = IPv6Network("2001::/32")
"""RFC 4380 section 4: the server's address, and the client's with each bit turned over."""
ISATAP_IDENTIFIERS = (0x00005EFE, 0x02005EFE)
"""RFC 5214 section 6.1: the upper half of an interface id, whatever the prefix."""

DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        str(COMPATIBLE),
        str(MAPPED),
        str(TRANSLATED),
        str(NAT64),
        "64:ff9b:1::/48",  # NAT64 of the network's own, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        str(SIX_TO_FOUR),
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, RFC 3879
        "ff00::/8",  # multicast
    )
)
"""What no relay on the internet has a reason to reach."""


def canonical(address: Address | str) -> tuple[Address, ...]:
    """Every address that a packet to this one may reach: itself first, then what it embeds.

    :raises ValueError: a text that is no address.
    """
    address = ip_address(address)
    if isinstance(address, IPv4Address):
        return (address,)
    address = IPv6Address(int(address))  # without a zone such as %eth0
    return (address, *dict.fromkeys(_embedded(address)))


def is_forbidden(address: Address | str, allowed: Iterable[Network] = ()) -> bool:
    """Whether a relay must refuse this peer.

    An allowed network outranks a denied one, as in coturn. It counts for the address that is
    written in it: who allows `10.0.0.1` has not allowed `::ffff:10.0.0.1`, and who allows NAT64
    has not allowed the private addresses behind it.
    """
    exceptions = tuple(allowed)
    return any(_in(one, DENIED) and not _in(one, exceptions) for one in canonical(address))


def dash_range(network: Network) -> str:
    """As coturn reads it: prefixes are ignored there without a word, so both ends are named."""
    first, last = network[0], network[-1]
    if network == COMPATIBLE:
        # coturn takes `::` as "any", and a range that begins with it denies all of IPv4. The
        # address `::` itself it refuses by its own rule.
        first = first + 1
    return str(first) if first == last else f"{first}-{last}"


def dash_ranges(networks: Iterable[Network] = DENIED) -> tuple[str, ...]:
    """:func:`dash_range` of each, in order."""
    return tuple(dash_range(network) for network in networks)


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)  # False where the versions differ


def _embedded(address: IPv6Address) -> Iterable[IPv4Address]:
    bits = int(address)
    low = IPv4Address(bits & 0xFFFF_FFFF)
    if _in(address, (MAPPED, COMPATIBLE, TRANSLATED, NAT64)):
        yield low
    if address in SIX_TO_FOUR:
        yield IPv4Address(bits >> 80 & 0xFFFF_FFFF)
    if address in TEREDO:
        yield IPv4Address(bits >> 64 & 0xFFFF_FFFF)
        yield IPv4Address(int(low) ^ 0xFFFF_FFFF)
    if bits >> 32 & 0xFFFF_FFFF in ISATAP_IDENTIFIERS:
        yield low
