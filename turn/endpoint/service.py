"""What every shape goes through: recognise, check the limits, choose a relay, sign, count."""

from __future__ import annotations

import functools
import secrets as dice
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from turn.askers.model import MatrixUser, NotAllowed
from turn.asking import Asker, Kind, MatrixAskers, Terms
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


class Service:
    """Gives out credentials; knows nothing of HTTP."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._id = functools.lru_cache(IDS_REMEMBERED)(functools.partial(relay_id, parts.id_key))

    async def issue(self, asker: Asker, order: Order, shape: str) -> Issued:
        """Credentials for somebody who was recognised.

        :raises BadRequest, LimitReached, LimitsUnavailable, SecretsUnavailable:
        """
        parts = self.parts
        # All that can fail comes before the limits, so that nothing is taken for nothing.
        ttl = lifetime(asker.terms, order.ttl)
        network = region_of(order.address, parts.networks) if order.address else None
        wish = Wish(order.region, network, order.call)
        whom = order.user or asker.identity
        choice = parts.relays.choose(wish, whom, asker.terms.regions, parts.health.alive)
        signing = (await parts.secrets.secrets()).signing
        reached = await parts.limiter.take(asker.identity, asker.terms.rate, asker.terms.quota)
        if reached is not None:
            raise LimitReached(reached)
        issued = issue(signing, self._relay_id(asker, order.user), ttl, choice.uris, parts.clock())
        parts.metrics.issued(asker.kind.value, choice.region, shape)
        return issued

    def _relay_id(self, asker: Asker, user: str | None) -> str:
        if asker.kind is Kind.KEY and user is None:  # another one each time: nothing to remember
            return relay_id(self.parts.id_key, asker, None, dice.token_urlsafe(DICE_BYTES))
        return self._id(asker, user, "")

    async def revoke(self, asker: Asker, username: str) -> None:
        """End what was given out before its time.

        :raises NotHere: it was not given to this asker. :raises CannotRevoke: see `Parts.revoke`.
        """
        if not is_of(self.parts.id_key, asker, username):
            raise NotHere("this key was not given credentials of that name")
        if self.parts.revoke is None:
            raise CannotRevoke("the relays here end an allocation only when its time is over")
        await self.parts.revoke(username)


def matrix_asker(matrix: Matrix, user: MatrixUser) -> Asker:
    """On which terms a Matrix user asks. Raises NotAllowed."""
    if user.local:
        return Asker(Kind.LOCAL, user.user_id, matrix.local)
    if matrix.remote is None:
        raise NotAllowed("only users of this homeserver get credentials here")
    return Asker(Kind.REMOTE, user.user_id, matrix.remote)
