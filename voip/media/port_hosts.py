"""Host candidates of a connection that lives on the shared port."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import get_host_addresses

from voip.media import private
from voip.media.shared_port import SharedPort

_COMPONENT = 1  # RTP and RTCP share it (RFC 5761)


def gather(
    connection: Connection,
    port: SharedPort,
    owner: object,
    public_addresses: Sequence[str],
    crowded: Callable[[], None],
) -> None:
    """Give the connection its places on the port, and the candidates to be told.

    `public_addresses` stand in the place of this machine's own of the same family: behind a 1:1
    NAT, in a container or a cloud, those mean nothing to anybody else. Whatever of this machine's
    addresses a datagram came in by, it comes in at the one socket of its family.
    """
    candidates = []
    for family, line in port.attach(connection, owner, crowded).items():
        addresses = [one for one in public_addresses if _family(one) is family] or _own(family)
        if not addresses:
            line.protocol.transport.close()
            continue
        told = [_candidate(address, port.port) for address in addresses]
        line.protocol.local_candidate = told[0]  # it stands for all in the pairs: one socket
        private.take_host(connection, line.protocol)
        candidates += told
    private.set_hosts(connection, candidates)


def _own(family: socket.AddressFamily) -> list[str]:
    is_v4 = family is socket.AF_INET
    return get_host_addresses(use_ipv4=is_v4, use_ipv6=not is_v4)


def _family(address: str) -> socket.AddressFamily:
    is_v4 = ipaddress.ip_address(address).version == 4
    return socket.AF_INET if is_v4 else socket.AF_INET6


def _candidate(address: str, port: int) -> Candidate:
    return Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=_COMPONENT,
        transport="udp",
        priority=candidate_priority(_COMPONENT, "host"),
        host=address,
        port=port,
        type="host",
    )
