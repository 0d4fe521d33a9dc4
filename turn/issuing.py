"""From "who wants what" to credentials. Pure: secrets, clock and dice are the caller's.

Two lifetimes: the one that is signed, which the relay holds, is longer than the one that is told.
Clients renew late (Nheko after 10/9 of what it is told) and one that was told the truth would be
refused by the relay in the middle of a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from turn.asking import LONGEST_TTL, Asker, Kind, Terms
from turn.credentials import sign
from turn.tiers import MARKS

SIGNED_LONGER = 4
"""A quarter of the told lifetime comes on top."""
SHORTEST_TTL = 60
"""Seconds. Below it a call could not be set up in time."""
ID_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,64}")
USERNAME = re.compile(r"([0-9]{1,12}):([A-Za-z0-9._-]{1,256})")
TAG_LENGTH = 8
"""Characters that say which key an id was made for, to none but us: a holder may revoke its own."""


class BadRequest(Exception):
    """What was asked for cannot be given. The text says what could be."""


class Issued(NamedTuple):
    """What an answer is made of, whatever its shape. `password` is a secret until `expires`.

    A tuple, as one is made for each request.
    """

    username: str
    password: str
    uris: tuple[str, ...]
    """`stun:`, `turn:` and `turns:`, the best first."""
    ttl: int
    """Seconds, as told to the client."""
    now: float
    """When it was made (Unix time, seconds)."""

    @property
    def expires(self) -> int:
        """Unix time, seconds, as told to the client; the relay accepts it for longer."""
        return int(self.now) + self.ttl

    def __repr__(self) -> str:  # a log line with these in it would be a leak
        return f"Issued(ttl={self.ttl}, uris={len(self.uris)})"


def issue(secret: str, relay_id: str, ttl: int, uris: tuple[str, ...], now: float) -> Issued:
    """Credentials that a client may use for `ttl` seconds, and a relay accepts for longer."""
    # As `mint` does, without its checks: what `relay_id` makes is right, and this is done for
    # each answer.
    username = f"{int(now) + signed_lifetime(ttl)}:{relay_id}"
    return Issued(username, sign(secret, username), uris, ttl, now)


def signed_lifetime(ttl: int) -> int:
    """Seconds that the relay accepts what is told to live `ttl` seconds.

    A secret that was replaced has to stay for this long after the last signature.
    """
    return ttl + -(-ttl // SIGNED_LONGER)


def lifetime(terms: Terms, asked: int | None) -> int:
    """Seconds to tell.

    :raises BadRequest: more was asked for than these terms have, or less than is of use.
    """
    if asked is None:
        return terms.ttl
    # Not cut in silence: some shapes do not tell the lifetime, and the client would rely on it.
    if not SHORTEST_TTL <= asked <= terms.longest_ttl:
        raise BadRequest(f"the lifetime must be from {SHORTEST_TTL} to {terms.longest_ttl} seconds")
    return asked


HashId = Callable[[str], str]
"""`relay_id_of` with its key. Whoever remembers its answers saves the time."""


def relay_id(hash_id: HashId, asker: Asker, user: str | None, dice: Callable[[], str]) -> str:
    """The id that the relay counts quotas for. It tells the relay not who that is.

    A Matrix user has one and the same. A key's holder has one for each `user` that it names, else
    a new one each time (from `dice`): on one id, all of its callers would share one quota.
    """
    mark = MARKS[asker.kind]
    if asker.kind is not Kind.KEY:
        return asker.id_prefix + hash_id(asker.identity) + mark
    tag = key_tag(hash_id, asker)
    return tag + (hash_id(f"{asker.identity} user {user}") if user else dice()) + mark


def key_tag(hash_id: HashId, asker: Asker) -> str:
    """What every id begins with that this key's holder is given."""
    return asker.id_prefix + hash_id(f"tag {asker.identity}")[:TAG_LENGTH]


def is_of(hash_id: HashId, asker: Asker, username: str, now: float) -> bool:
    """Whether a username can be one that was given to this key's holder and still counts."""
    match = USERNAME.fullmatch(username)
    if match is None or not match[2].startswith(key_tag(hash_id, asker)):
        return False
    return now <= int(match[1]) <= now + signed_lifetime(LONGEST_TTL)
