"""Time-limited TURN credentials, as relays with a shared secret check them.

The scheme is draft-uberti-behave-turn-rest-00, section 2.2: the username carries its own expiry
and the password is a signature of the username, so that issuer and relay share nothing but the
secret. Pure: the clock is the caller's.
"""

from __future__ import annotations

import base64
import functools
import hmac
from dataclasses import dataclass

MAX_USERNAME_BYTES = 508
"""RFC 8489 section 14.3: "fewer than 509 bytes"; browsers refuse a longer one."""
RELAY_ID_LENGTH = 22


@dataclass(frozen=True)
class Credentials:
    """What a client gives to the relay; ``password`` is a secret until ``expires``."""

    username: str
    password: str
    expires: int
    """Unix time in seconds after which the relay gives no new allocation."""

    def __repr__(self) -> str:  # a log line with these in it would be a leak
        return f"Credentials(expires={self.expires})"


def mint(secret: str, relay_id: str, ttl: int, now: float) -> Credentials:
    """Credentials that the relay accepts for ``ttl`` seconds from ``now`` (Unix time, seconds).

    :param secret: what the relay calls its ``static-auth-secret``.
    :param relay_id: whom the relay counts quotas for; see :func:`relay_id_of`.
    :raises ValueError: no secret, a ttl that is not positive, or an id that relays misread.
    """
    if not secret:
        raise ValueError("TURN credentials need a shared secret, and it is empty")
    if ttl <= 0:
        raise ValueError(f"TURN credentials must live longer than {ttl} seconds")
    # Some relays split at the first colon and some at every one: two users would share a quota.
    if not relay_id or ":" in relay_id:
        raise ValueError("the id in a TURN username must not be empty or hold a colon")
    expires = int(now) + ttl
    username = f"{expires}:{relay_id}"
    if len(username.encode()) > MAX_USERNAME_BYTES:
        raise ValueError(f"a TURN username has at most {MAX_USERNAME_BYTES} bytes")
    return Credentials(username, sign(secret, username), expires)


def sign(secret: str, username: str) -> str:
    """The password of a username: ``base64(HMAC-SHA1(secret, username))``, padded."""
    # SHA-1 is what the draft names and what relays check; HMAC does not rest on collisions.
    keyed = _keyed(secret).copy()
    keyed.update(username.encode())
    return base64.b64encode(keyed.digest()).decode()


@functools.lru_cache(maxsize=64)
def _keyed(secret: str) -> hmac.HMAC:
    """The state after the key, which costs more than the rest and is the same each time."""
    return hmac.new(secret.encode(), digestmod="sha1")


def relay_id_of(key: str, user_id: str) -> str:
    """The same short id for the same user each time, which tells the relay not who it is.

    Relays write it to logs and databases. ``key`` must not be the relay's secret: whoever runs
    the relay could then try user ids until one fits.
    """
    digest = hmac.digest(key.encode(), user_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode()[:RELAY_ID_LENGTH]
