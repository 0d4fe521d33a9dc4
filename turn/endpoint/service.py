"""What every shape goes through: recognise, check the limits, choose a relay, sign, count."""

from __future__ import annotations

import secrets as dice
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from turn.askers.model import MatrixUser, NotAllowed
from turn.asking import Asker, Kind, MatrixAskers, Terms
from turn.credentials import relay_id_of
from turn.endpoint.refusals import CannotRevoke, LimitReached, NotHere
from turn.issuing import Issued, is_of, issue, lifetime, relay_id
from turn.keys.ring import KeyRing
from turn.limits.model import Limiter
from turn.metrics import Metrics
from turn.regions import Address, Network, Relays, Wish, region_of
from turn.relay_health import RelayHealth
from turn.secrets.model import SecretSource

Revoke = Callable[[str], Awaitable[None]]
"""Ends the allocations of a username at once, and refuses it from now on."""
DICE_BYTES = 12
IDS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which Matrix users are served, and on which terms."""

    askers: MatrixAskers
    local: Terms
    remote: Terms | None
    """None: nobody of another server."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the endpoint is put together from. Whoever made a part closes it."""

    secrets: SecretSource
    id_key: str = field(repr=False)
    """What ids at the relay are made with. The same in every replica, and not a relay's secret."""
    relays: Relays
    health: RelayHealth
    limiter: Limiter
    metrics: Metrics
    keys: KeyRing | None = None
    matrix: Matrix | None = None
    networks: Mapping[Network, str] = field(default_factory=dict)
    """The regions of the clients' networks."""
    proxies: Sequence[Network] = ()
    """Whose X-Forwarded-For is believed."""
    revoke: Revoke | None = None
    """None: the relays are of a kind that cannot."""
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Order:
    """What an asker wants."""

    ttl: int | None = None
    region: str | None = None
    call: str | None = None
    user: str | None = None
    """Which of its own users a key's holder asks for."""
    address: Address | None = None
    """Where the client is."""


ANYTHING = Order()
"""No wish at all."""


class Service:
    """Gives out credentials; knows nothing of HTTP."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._hash_id = lru_cache(IDS_REMEMBERED)(partial(relay_id_of, parts.id_key))

    async def issue(self, asker: Asker, order: Order, shape: str) -> Issued:
        """Credentials for somebody who was recognised.

        :raises BadRequest, LimitReached, LimitsUnavailable, SecretsUnavailable:
        """
        parts, terms = self.parts, asker.terms
        # All that can fail comes before the limits, so that nothing is taken for nothing.
        ttl = lifetime(terms, order.ttl)
        network = region_of(order.address, parts.networks) if order.address else None
        wish = Wish(order.region, network, order.call)
        choice = parts.relays.choose(
            wish, order.user or asker.identity, terms.regions, parts.health.dead
        )
        signing = (await parts.secrets.secrets()).signing
        reached = await parts.limiter.take(asker.identity, terms.rate, terms.quota)
        if reached is not None:
            raise LimitReached(reached)
        id_ = relay_id(self._hash_id, asker, order.user, _roll)
        issued = issue(signing, id_, ttl, choice.uris, parts.clock())
        parts.metrics.issued(asker.kind.value, choice.region, shape)
        return issued

    async def revoke(self, asker: Asker, username: str) -> None:
        """End what was given out before its time.

        :raises NotHere: it was not given to this asker. :raises CannotRevoke: see `Parts.revoke`.
        """
        if not is_of(self._hash_id, asker, username):
            raise NotHere("this key was not given credentials of that name")
        if self.parts.revoke is None:
            raise CannotRevoke("the relays here end an allocation only when its time is over")
        await self.parts.revoke(username)


def _roll() -> str:
    return dice.token_urlsafe(DICE_BYTES)


def matrix_asker(matrix: Matrix, user: MatrixUser) -> Asker:
    """On which terms a Matrix user asks. Raises NotAllowed."""
    if user.local:
        return Asker(Kind.LOCAL, user.user_id, matrix.local)
    if matrix.remote is None:
        raise NotAllowed("only users of this homeserver get credentials here")
    return Asker(Kind.REMOTE, user.user_id, matrix.remote)
