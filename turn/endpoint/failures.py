"""Clients who keep coming with tokens that nobody knows are not heard for a while.

Each such token costs a question to a homeserver or a look into the file of keys. They are counted
by address, in the memory of this process; whoever was recognised a moment ago is not asked for
anything, and is served whatever others at the same address do (`short_way`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network

from aiohttp import web

from turn.endpoint.reading import client_address
from turn.endpoint.refusals import TooManyFailures
from turn.limits.memory import MemoryLimiter
from turn.limits.model import Allowance
from turn.regions import Network

MOST = 20_000
"""Addresses that are remembered, those that failed longest ago going first; about 5 MB."""
PREFIX = 64
"""Bits of an IPv6 address that count: one client has all addresses below (RFC 6177)."""
DEFAULT = Allowance(60, 60)


class Failures:
    """How often each address has failed to say who it is."""

    def __init__(
        self,
        allowance: Allowance | None = DEFAULT,
        *,
        most: int = MOST,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """:param allowance: failures of one address; None: any number."""
        self._allowance = allowance
        self._counted = MemoryLimiter(most=most, clock=clock)

    def check(self, source: str | None) -> None:
        """Before somebody is recognised. Raises TooManyFailures."""
        if source is None:
            return
        reached = self._counted.would_reach(source, self._allowance)
        if reached is not None:
            raise TooManyFailures(reached.retry_after)

    def failed(self, source: str | None) -> None:
        """A token from there was no good."""
        if source is not None:
            self._counted.take_now(source, self._allowance, None)


def source_of(request: web.Request, proxies: Sequence[Network]) -> str | None:
    """Whom failures are counted for; None: nobody, as it is not known who the client is.

    A private address while no proxy is named may be that of a proxy, behind which is everybody.
    """
    address = client_address(request, proxies)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address is None or not (proxies or address.is_global):
        return None
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, PREFIX), strict=False))
    return str(address)
