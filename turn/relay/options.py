"""How a relay is set up: where it listens, what it relays from, what it allows."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from turn.peers import Network
from turn.relay.authentication import MAX_REALM_BYTES
from turn.relay.limits import Limits
from turn.stun.names import Family
from turn.stun.values import Address, family_of

PORTS: Final = range(49152, 65536)
"""RFC 8656 section 7.2: the dynamic ports are those to take."""


class BadOptions(ValueError):
    """The relay cannot be set up like this; the text says what to change."""


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Checked when it is made. Raises BadOptions."""

    listen: tuple[Address, ...]
    """For UDP and TCP each; port 0 takes a free one."""
    realm: str
    """A name for the site, shown to users by some clients."""
    listen_tls: tuple[Address, ...] = ()
    tls: ssl.SSLContext | None = None
    """The certificate of the TLS ports."""
    relay_addresses: tuple[str, ...] = ()
    """Local addresses that packets to peers leave from, one of each family; the listening ones
    if there are none."""
    external: tuple[str, ...] = ()
    """What clients are told instead, one of each family: behind a NAT that maps one to one."""
    ports: range = PORTS
    """Relayed ports."""
    allowed: tuple[Network, ...] = ()
    """Networks that may be reached though they are private."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.listen and not self.listen_tls:
            raise BadOptions("the relay listens nowhere: give an address, such as 203.0.113.7:3478")
        if self.listen_tls and self.tls is None:
            raise BadOptions("TLS needs a certificate and its key")
        if not 0 < len(self.realm.encode()) <= MAX_REALM_BYTES:
            raise BadOptions(f"the realm must have 1 to {MAX_REALM_BYTES} bytes")
        if not self.ports or self.ports.step != 1 or not 1024 <= self.ports[0] <= 65535:
            raise BadOptions("relayed ports are a range within 1024 to 65535")
        if self.ports[-1] > 65535:
            raise BadOptions("relayed ports are a range within 1024 to 65535")
        for ip, _ in (*self.listen, *self.listen_tls):
            _check(ip, "an address to listen at")
        self.relays()
        self.told()

    def relays(self) -> dict[Family, str]:
        """The local address of each family to relay from. Raises BadOptions."""
        chosen = self.relay_addresses or tuple(ip for ip, _ in (*self.listen, *self.listen_tls))
        found: dict[Family, str] = {}
        for ip in chosen:
            if _check(ip, "a relay address").is_unspecified:
                raise BadOptions(f"{ip} stands for every address: say which one to relay from")
            if found.setdefault(family_of(ip), ip) != ip:
                raise BadOptions("give one relay address of each family: there are several")
        return found

    def told(self) -> dict[Family, str]:
        """What clients are told for each family. Raises BadOptions."""
        found = self.relays()
        for ip in self.external:
            _check(ip, "an external address")
            if family_of(ip) not in found:
                raise BadOptions(f"{ip} is external, and nothing of its family is relayed from")
            found[family_of(ip)] = ip
        return found


def _check(ip: str, what: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(ip)
    except ValueError:
        raise BadOptions(f"{ip!r} is not {what}: names are not looked up here") from None
