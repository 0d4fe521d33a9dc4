"""What an operator wants of a relay, and everything in it that would be unsafe. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, summarize_address_range

from turn.peers import DENIED, Address, Network, is_forbidden

MIN_SECRET_LENGTH = 32
SECRET_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""Others end the value, begin a comment or are trimmed in coturn's files."""
MISREAD = re.compile(r"[\x00-\x1f\"'#]")
WIDEST_V4 = 256
WIDEST_V6 = 2**64
EXAMPLE_RANGE = "10.0.0.4-10.0.0.9"


class PlanError(ValueError):
    """One or more things in a plan that would be unsafe or would not work."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class External:
    """An address that clients and peers see, and the one of this machine behind it."""

    public: Address
    private: Address | None = None

    def __str__(self) -> str:
        return str(self.public) if self.private is None else f"{self.public}/{self.private}"


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class StaticSecrets:
    """In the configuration file itself; coturn tries each, and reads them when it starts."""

    values: tuple[str, ...]

    def __repr__(self) -> str:
        return f"StaticSecrets({len(self.values)})"


@dataclass(frozen=True, slots=True)
class DatabaseSecrets:
    """In coturn's own table, where they can be rotated while it runs."""

    option: str
    """`userdb`, `psql-userdb` or `redis-userdb`."""
    value: str
    has_password: bool = False

    def __repr__(self) -> str:
        return f"DatabaseSecrets({self.option})"


@dataclass(frozen=True, slots=True)
class Range:
    """Peers from ``first`` to ``last``, both included."""

    first: Address
    last: Address

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def networks(self) -> list[Network]:
        return list(summarize_address_range(self.first, self.last))

    def size(self) -> int:
        return int(self.last) - int(self.first) + 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A relay. Ports are UDP and TCP alike; rates are bytes a second."""

    realm: str
    secrets: StaticSecrets | DatabaseSecrets
    listening: tuple[Address, ...] = ()
    external: tuple[External, ...] = ()
    tls: Tls | None = None
    port: int = 3478
    tls_port: int = 5349
    relay_ports: tuple[int, int] = (49_152, 51_199)
    other_ports: tuple[tuple[int, int], ...] = ()
    """UDP ports of other services on this machine, such as a conference server's media."""
    user_quota: int = 12
    """Allocations of one user at a time."""
    total_quota: int = 1200
    max_bps: int = 500_000
    """Of one allocation, each way: 4 Mbit/s, which is a call with good video."""
    bps_capacity: int = 0
    """Of the whole relay; 0 for no limit."""
    allowed_peers: tuple[Range, ...] = ()
    private_network: bool = False
    """The relay is for a network of private addresses, on purpose."""
    statsdb: DatabaseSecrets | None = None
    pidfile: str | None = None

    def own_addresses(self) -> tuple[Address, ...]:
        """As peers see the relay: two clients of one relay meet there."""
        if self.external:
            return tuple(dict.fromkeys(one.public for one in self.external))
        return self.listening


def parse_range(text: str) -> Range:
    """`FIRST-LAST` or one address, as coturn reads it.

    :raises PlanError: it is neither; a prefix above all, which coturn ignores without a word.
    """
    if "/" in text:
        raise PlanError(
            [
                f"{text!r}: coturn reads no prefixes, and old ones ignore the line silently; name"
                f" both ends, like {EXAMPLE_RANGE}"
            ]
        )
    first, dash, last = text.partition("-")
    try:
        start, end = ip_address(first.strip()), ip_address((last if dash else first).strip())
    except ValueError:
        raise PlanError([f"{text!r} is no range of addresses, like {EXAMPLE_RANGE}"]) from None
    if start.version != end.version or int(start) > int(end):
        raise PlanError([f"{text!r} ends before it begins; write it like {EXAMPLE_RANGE}"])
    if end.is_unspecified:
        raise PlanError([f"{text!r} means every address to coturn: name the ones that are meant"])
    return Range(start, end)


def parse_external(text: str) -> External:
    """`PUBLIC` or `PUBLIC/PRIVATE`. Raises PlanError."""
    public, slash, private = text.partition("/")
    try:
        return External(ip_address(public), ip_address(private) if slash else None)
    except ValueError:
        raise PlanError(
            [f"{text!r} is no external address: write PUBLIC, or PUBLIC/PRIVATE behind NAT"]
        ) from None


def problems(plan: Plan) -> list[str]:
    """A sentence for everything that must be put right before a file is written."""
    return [
        *_of_names(plan),
        *_of_addresses(plan),
        *_of_ports(plan),
        *_of_limits(plan),
        *_of_peers(plan),
    ]


def secret_problem(secret: str) -> str | None:
    """Why a secret is none for a relay; never quotes it."""
    if len(secret) < MIN_SECRET_LENGTH:
        return (
            f"a shared secret has fewer than {MIN_SECRET_LENGTH} characters and can be guessed from"
            " one credential: make one with matrix-turn rotate"
        )
    if not SECRET_CHARACTERS.fullmatch(secret):
        return (
            "a shared secret holds characters that coturn may misread in its file: use letters,"
            " digits and ._~+/=- only"
        )
    return None


def _of_names(plan: Plan) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,127}", plan.realm):
        yield (
            "the realm is missing or holds more than letters, digits, dots and dashes: give the"
            " relay's domain, such as --realm turn.example.org"
        )
    if isinstance(plan.secrets, StaticSecrets):
        if not plan.secrets.values:
            yield "there is no shared secret: make one with matrix-turn rotate"
        yield from dict.fromkeys(filter(None, map(secret_problem, plan.secrets.values)))
    values = {"--pidfile": plan.pidfile}
    if plan.tls is not None:
        values |= {"--cert": plan.tls.certificate, "--key": plan.tls.key}
    for one in (plan.secrets, plan.statsdb):
        if isinstance(one, DatabaseSecrets):
            values[one.option] = one.value
    for name, value in values.items():
        if value is not None and MISREAD.search(value):
            yield f"{name} holds characters that coturn would misread: quotes, # or newlines"


def _of_addresses(plan: Plan) -> Iterator[str]:
    if not plan.own_addresses():
        yield (
            "nobody can tell at which address the relay is reached: give --external-ip, or"
            " --listening-ip with a public address"
        )
    for address in plan.own_addresses():
        if is_forbidden(address) and not plan.private_network:
            yield (
                f"{address} is an address that the internet does not reach: give --external-ip"
                " PUBLIC/PRIVATE behind NAT, or --private-network if the relay serves that network"
                " alone"
            )
    if len(plan.external) > 1 and any(one.private is None for one in plan.external):
        yield "several --external-ip need their own addresses each: PUBLIC/PRIVATE"
    for one in plan.external:
        if one.private is not None and one.private.version != one.public.version:
            yield f"--external-ip {one} maps IPv4 to IPv6, which coturn cannot"
        if one.private is not None and plan.listening and one.private not in plan.listening:
            yield f"--external-ip {one}: give --listening-ip {one.private} too"


def _of_ports(plan: Plan) -> Iterator[str]:
    low, high = plan.relay_ports
    listening = {plan.port: "--port", plan.tls_port: "--tls-port"}
    if not all(0 < port < 65_536 for port in (low, high, *listening)):
        yield "ports are numbers from 1 to 65535"
    if len(listening) < 2:
        yield f"--port and --tls-port are both {plan.port}: give each its own"
    if low > high:
        yield "the relay's port range ends before it begins"
    elif low < 1024:
        yield "the relay's port range reaches below 1024, where other services are: begin higher"
    for port, option in listening.items():
        if low <= port <= high:
            yield f"{option} {port} lies in the relay's port range {low}-{high}: move one of them"
    for first, last in plan.other_ports:
        if low <= last and first <= high:
            yield (
                f"the relay's port range {low}-{high} overlaps the ports {first}-{last} of another"
                " service: move --relay-ports"
            )
    if 0 <= high - low + 1 < plan.total_quota:
        yield (
            f"the relay's port range has {high - low + 1} ports, fewer than the"
            f" {plan.total_quota} allocations of --total-quota: widen it, or lower that"
        )


def _of_limits(plan: Plan) -> Iterator[str]:
    if plan.user_quota < 1 or plan.total_quota < plan.user_quota:
        yield "quotas are at least 1 (0 would mean no limit), --total-quota at least --user-quota"
    if plan.max_bps < 1:
        yield "--max-bps is at least 1: 0 would mean no limit"
    if plan.bps_capacity < 0 or 0 < plan.bps_capacity < plan.max_bps:
        yield "--bps-capacity is 0 for no limit, or at least --max-bps"


def _of_peers(plan: Plan) -> Iterator[str]:
    for peers in plan.allowed_peers:
        if peers.first.is_unspecified:
            yield f"--allowed-peer {peers}: coturn takes {peers.first} for no lower end at all"
        elif peers.size() > (WIDEST_V4 if peers.first.version == 4 else WIDEST_V6):
            yield (
                f"--allowed-peer {peers} opens more than a /24 (IPv4) or a /64 (IPv6): name the"
                " machines that clients must reach"
            )
        elif peers.size() > 1 and not plan.private_network and _touches_denied(peers):
            yield (
                f"--allowed-peer {peers} opens private addresses to everybody who has credentials:"
                " name single machines, or give --private-network"
            )


def _touches_denied(peers: Range) -> bool:
    return any(
        denied.version == peers.first.version and denied.overlaps(network)
        for denied in DENIED
        for network in peers.networks()
    )
