"""What every shape goes through: recognise, check the limits, choose a relay, sign, count."""

from __future__ import annotations

import hashlib
import secrets as dice
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from turn.askers.model import MatrixUser, NotAllowed
from turn.asking import Asker, Kind, MatrixAskers, Terms
from turn.credentials import relay_id_of
from turn.endpoint.refusals import CannotRevoke, LimitReached, NotHere
from turn.issuing import Issued, is_of, issue, lifetime, relay_id
from turn.keys.ring import KeyRing
from turn.limits.model import Allowance, CountsHere, Limiter
from turn.metrics import Metrics
from turn.regions import NO_WISH, Address, Choice, Network, Relays, Wish, region_of
from turn.relay_health import RelayHealth
from turn.secrets.model import KeepsSecrets, SecretSource

Revoke = Callable[[str], Awaitable[None]]
"""Ends the allocations of a username at once, and refuses it from now on."""
DICE_BYTES = 12
REMEMBERED = 10_000
FRESH = 2.0
"""Seconds that a token is taken again without asking whose it is."""


class Matrix:
    """Which Matrix users are served, and on which terms."""

    def __init__(
        self,
        askers: MatrixAskers,
        local: Terms,
        remote: Terms | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """:param remote: None: nobody of another server."""
        self.askers = askers
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Asker, float]] = OrderedDict()
        self._serves_remote = remote is not None
        self._local = lru_cache(REMEMBERED)(lambda user_id: Asker(Kind.LOCAL, user_id, local))
        self._remote = lru_cache(REMEMBERED)(
            lambda user_id: Asker(Kind.REMOTE, user_id, remote or local)
        )

    async def by_access_token(self, token: str) -> Asker:
        """The homeserver's user whose token it is. Raises AskerError."""
        known = self.known(token)
        if known is not None:
            return known
        asker = self.asker(await self.askers.by_access_token(token))
        digest = _digest(token)
        self._known[digest] = (asker, self._clock() + FRESH)
        self._known.move_to_end(digest)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return asker

    def known(self, token: str) -> Asker | None:
        """At once, from memory; None where it has to be looked up."""
        # Askers keep answers for longer; this is what a client that asks several times costs.
        found = self._known.get(_digest(token))
        return None if found is None or self._clock() >= found[1] else found[0]

    def asker(self, user: MatrixUser) -> Asker:
        """On which terms a user asks. Raises NotAllowed."""
        if user.local:
            return self._local(user.user_id)
        if not self._serves_remote:
            raise NotAllowed("only users of this homeserver get credentials here")
        return self._remote(user.user_id)


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
    failed_rate: Allowance | None = None
    """How often a client's address may come with tokens that nobody knows; None: always."""
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
        self._hash_id = lru_cache(REMEMBERED)(partial(relay_id_of, parts.id_key))
        limiter, secrets = parts.limiter, parts.secrets
        self._limiter_here = limiter if isinstance(limiter, CountsHere) else None
        self._secrets_here = secrets if isinstance(secrets, KeepsSecrets) else None

    async def issue(self, asker: Asker, order: Order, shape: str) -> Issued:
        """Credentials for somebody who was recognised.

        :raises BadRequest, LimitReached, LimitsUnavailable, SecretsUnavailable:
        """
        parts, terms = self.parts, asker.terms
        # All that can fail comes before the limits, so that nothing is taken for nothing.
        offer = self._offer(asker, order)
        signing = (await parts.secrets.secrets()).signing
        reached = await parts.limiter.take(asker.identity, terms.rate, terms.quota)
        if reached is not None:
            raise LimitReached(reached)
        return self._sign(asker, order, shape, offer, signing)

    def issue_now(self, asker: Asker, order: Order, shape: str) -> Issued | None:
        """As `issue`, where nothing has to be waited for; None, and nothing taken, where it has.

        :raises BadRequest, LimitReached:
        """
        limiter, terms = self._limiter_here, asker.terms
        secrets = None if self._secrets_here is None else self._secrets_here.kept()
        if limiter is None or secrets is None:
            return None
        offer = self._offer(asker, order)
        reached = limiter.take_now(asker.identity, terms.rate, terms.quota)
        if reached is not None:
            raise LimitReached(reached)
        return self._sign(asker, order, shape, offer, secrets.signing)

    def _offer(self, asker: Asker, order: Order) -> tuple[int, Choice]:
        parts, terms = self.parts, asker.terms
        ttl = lifetime(terms, order.ttl)
        whom = order.user or asker.identity
        return ttl, parts.relays.choose(self._wish(order), whom, terms.regions, parts.health.dead)

    def _sign(
        self, asker: Asker, order: Order, shape: str, offer: tuple[int, Choice], signing: str
    ) -> Issued:
        ttl, choice = offer
        id_ = relay_id(self._hash_id, asker, order.user, _roll)
        issued = issue(signing, id_, ttl, choice.uris, self.parts.clock())
        self.parts.metrics.issued(asker.tier, choice.region, shape)
        return issued

    def _wish(self, order: Order) -> Wish:
        if order is ANYTHING:
            return NO_WISH
        address, networks = order.address, self.parts.networks
        network = None if address is None else region_of(address, networks)
        return Wish(order.region, network, order.call)

    async def revoke(self, asker: Asker, username: str) -> None:
        """End what was given out before its time.

        :raises NotHere, CannotRevoke, LimitReached, LimitsUnavailable:
        """
        parts = self.parts
        if not is_of(self._hash_id, asker, username, parts.clock()):
            raise NotHere("this key was not given credentials of that name, or they have expired")
        if parts.revoke is None:
            raise CannotRevoke("the relays here end an allocation only when its time is over")
        reached = await parts.limiter.take(asker.identity, asker.terms.rate, None)
        if reached is not None:
            raise LimitReached(reached)
        await parts.revoke(username)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _roll() -> str:
    return dice.token_urlsafe(DICE_BYTES)
