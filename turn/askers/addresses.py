"""Which addresses a stranger's server name may lead us to: the public ones alone.

Ranges are those of the IANA special-purpose address registries. The standard library's
``is_global`` is not used: what it says of a range changes with the version of Python.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this network", RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, where clouds keep their metadata, RFC 3927
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
UNICAST_V6: Final = IPv6Network("2000::/3")
"""All that IANA gives out. Outside it are loopback, link-local, unique local, multicast and, with
IPv4 addresses inside: v4-mapped, v4-compatible and both NAT64 prefixes."""
NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments; 2001::/32 among them is Teredo, with IPv4 inside
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, with IPv4 inside, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, for certain."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    if address.scope_id is not None or address not in UNICAST_V6:
        return False
    return not any(address in network for network in NOT_PUBLIC_V6)
