"""Which addresses a stranger's server name may lead us to: the public ones alone.

What a relay must not reach for its clients (`turn.peers`) a server name must not make us reach.
"""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Final

from turn.peers import Address, is_forbidden

UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that IANA gives out (RFC 4291 section 2.4). A relay may know networks beside it,
so `turn.peers` names what is denied; here nothing else is of use."""


def is_public(address: Address) -> bool:
    """Whether an address, and every IPv4 address in it, belongs to the open internet."""
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return False
    return not is_forbidden(address)
