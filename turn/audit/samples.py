"""Which peers an audit asks for: some of each forbidden network, and each way to hide one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from turn.peers import (
    COMPATIBLE,
    DENIED,
    MAPPED,
    NAT64,
    SIX_TO_FOUR,
    TEREDO,
    TRANSLATED,
    Address,
    Network,
    canonical,
    dash_range,
)

TARGETS = tuple(
    IPv4Address(text) for text in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.0.1")
)
"""What an attacker wants: neighbours, the relay itself, the metadata service of a cloud."""
NAMES: dict[Network, str] = {
    IPv4Network("0.0.0.0/8"): "this host",
    IPv4Network("10.0.0.0/8"): "private",
    IPv4Network("100.64.0.0/10"): "carrier-grade NAT",
    IPv4Network("127.0.0.0/8"): "loopback",
    IPv4Network("169.254.0.0/16"): "link-local",
    IPv4Network("172.16.0.0/12"): "private",
    IPv4Network("192.168.0.0/16"): "private",
    IPv4Network("224.0.0.0/4"): "multicast",
    COMPATIBLE: "IPv4-compatible, loopback",
    MAPPED: "IPv4-mapped",
    TRANSLATED: "IPv4-translated",
    NAT64: "NAT64",
    SIX_TO_FOUR: "6to4",
    IPv6Network("2001::/23"): "Teredo",
    IPv6Network("fc00::/7"): "unique local",
    IPv6Network("fe80::/10"): "link-local, ISATAP",
    IPv6Network("ff00::/8"): "multicast",
}


@dataclass(frozen=True, slots=True)
class Samples:
    """Peers of one forbidden network."""

    network: Network
    addresses: tuple[Address, ...]

    @property
    def name(self) -> str:
        name = NAMES.get(self.network)
        return str(self.network) if name is None else f"{self.network} ({name})"

    @property
    def close(self) -> str:
        """The line of turnserver.conf that forbids the network."""
        if self.network.is_multicast:
            return "no-multicast-peers"
        return f"denied-peer-ip={dash_range(self.network)}"


def samples(allowed: Sequence[Network] = ()) -> list[Samples]:
    """For each forbidden network its ends, and in IPv6 the targets that it can hide.

    What lies in ``allowed`` is left out: there a peer is meant to be permitted.
    """
    found = []
    for network in DENIED:
        addresses = dict.fromkeys([*_ends(network), *_hidden(network)])
        kept = tuple(each for each in addresses if not _in(each, allowed))
        if kept:
            found.append(Samples(network, kept))
    return found


def _ends(network: Network) -> Iterable[Address]:
    """The second and the last: the first address of some networks has a meaning of its own."""
    return (network[1], network[-1])


def _hidden(network: Network) -> Iterable[Address]:
    if isinstance(network, IPv4Network):
        return [target for target in TARGETS if target in network]
    return [form for target in TARGETS for form in _forms(target) if form in network]


def _forms(target: IPv4Address) -> tuple[IPv6Address, ...]:
    """An IPv4 address in every IPv6 address that a system or a translator takes for it."""
    number = int(target)
    return (
        IPv6Address(int(MAPPED[0]) | number),
        IPv6Address(int(COMPATIBLE[0]) | number),
        IPv6Address(int(TRANSLATED[0]) | number),
        IPv6Address(int(NAT64[0]) | number),
        IPv6Address(int(SIX_TO_FOUR[0]) | number << 80),
        IPv6Address(int(TEREDO[0]) | number ^ 0xFFFFFFFF),  # RFC 4380 section 4: turned over
        IPv6Address(int(IPv6Address("fe80::5efe:0:0")) | number),  # RFC 5214 section 6.1
    )


def _in(address: Address, networks: Iterable[Network]) -> bool:
    """The written address alone: who allows 10.0.0.1 has not allowed ::ffff:10.0.0.1."""
    written = canonical(address)[0]
    return any(written in network for network in networks)
