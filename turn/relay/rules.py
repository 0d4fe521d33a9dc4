"""Which peers a client may talk to."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from ipaddress import ip_address

from turn.peers import Network, is_forbidden
from turn.stun.values import Address


@dataclass(frozen=True, slots=True)
class Rules:
    """Nothing private, whatever form it is written in, with two exceptions."""

    own: frozenset[str] = frozenset()
    """Addresses that this relay tells its clients. Both ends of a call may have their allocation
    here, so these are peers too, but on relayed ports alone: the machine's other services stay
    out of reach."""
    ports: range = range(49152, 65536)
    """The relayed ports."""
    allowed: tuple[Network, ...] = ()
    """Networks that may be reached though they are private: for a demo, or a network of one's
    own."""
    closed: Set[int] = frozenset()
    """The ports that the relay listens at. A client that reaches them through the relay is a client
    of itself, and packets could go round (RFC 8656 section 21.2.2)."""

    def permits_ip(self, ip: str) -> bool:
        """What CreatePermission asks, which names no port (RFC 8656 section 9)."""
        return ip in self.own or not is_forbidden(ip, self.allowed)

    def permits_port(self, peer: Address) -> bool:
        """What ChannelBind and Send ask besides, once `permits_ip` holds."""
        ip, port = peer
        if ip not in self.own:
            return True
        if port in self.closed:
            return False
        if port in self.ports:
            return True
        address = ip_address(ip)
        return any(address in network for network in self.allowed)
