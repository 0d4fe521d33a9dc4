"""Where a homeserver is (server-server API, "Server discovery"): the steps, without their I/O.

::

    server name ── address, or has a port ────────────────────────────────► Route
        │
        ▼ else
    AskWellKnown ── m.server is an address, or has a port ────────────────► Route
        │
        ▼ else, for the name in m.server; where there is none, for the server name
    AskSrv ── targets and ports, or port 8448 of that name itself ────────► Route

Wherever the way leads, the certificate must be of the last *name* that the server's owner wrote
down: SRV answers come from the DNS, which proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from turn.askers.server_names import ServerName

DEFAULT_PORT = 8448
MAX_PLACES = 4
"""How many SRV targets are tried; an answer over TCP could hold thousands."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something to connect to: a DNS name or an address (IPv6 in brackets), and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach a homeserver: the first place that answers serves."""

    places: tuple[Place, ...]
    host_header: str
    certificate_name: str
    """What the certificate must be valid for; an IPv6 address without its brackets."""


@dataclass(frozen=True, slots=True)
class AskWellKnown:
    """Next, fetch ``https://<host>/.well-known/matrix/server``."""

    host: str


@dataclass(frozen=True, slots=True)
class AskSrv:
    """Next, look for the SRV records, in this order; the first that exists counts."""

    host: str

    @property
    def records(self) -> tuple[str, str]:
        # Steps 3.3 and 4, then 3.4 and 5, which are deprecated and still in use.
        return f"_matrix-fed._tcp.{self.host}", f"_matrix._tcp.{self.host}"


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """An SRV record of RFC 2782; ``target`` without the last dot, empty for ".": no service."""

    priority: int
    weight: int
    port: int
    target: str


def first_step(name: ServerName) -> AskWellKnown | Route:
    """Steps 1 and 2: a name that says all by itself; else step 3."""
    return _says_all(name) or AskWellKnown(name.host)


def after_well_known(name: ServerName, delegated: ServerName | None) -> AskSrv | Route:
    """Steps 3.1 and 3.2, or on to SRV; ``delegated`` is None where there is no valid file.

    Nothing is asked of a delegated name's own well-known file: delegation goes one step.
    """
    target = delegated or name
    return _says_all(target) or AskSrv(target.host)


def after_srv(asked: AskSrv, places: Sequence[Place]) -> Route:
    """Steps 3.3 to 3.5 and 4 to 6: the SRV targets, or the default port where there are none."""
    found = tuple(places[:MAX_PLACES]) or (Place(asked.host, DEFAULT_PORT),)
    return Route(found, host_header=asked.host, certificate_name=asked.host)


def in_order(records: Iterable[SrvRecord], roll: Callable[[], float]) -> list[Place]:
    """The order of RFC 2782: by priority, then by weighted chance.

    :param roll: a number from 0 up to 1, at random.
    """
    places = []
    left = sorted(records, key=lambda record: (record.priority, record.weight))
    while left:
        peers = [record for record in left if record.priority == left[0].priority]
        mark = roll() * sum(record.weight for record in peers)
        # "select the RR whose running sum value is the first in the selected order which is
        # greater than or equal to the random number selected"
        chosen = peers[-1]
        for record in peers:
            mark -= record.weight
            if mark <= 0:
                chosen = record
                break
        left.remove(chosen)
        if chosen.target and chosen.port:  # "." means: decidedly not available
            places.append(Place(chosen.target, chosen.port))
    return places


def _says_all(name: ServerName) -> Route | None:
    if name.address is None and name.port is None:
        return None
    place = Place(name.host, name.port or DEFAULT_PORT)
    return Route((place,), host_header=str(name), certificate_name=name.host.strip("[]"))
