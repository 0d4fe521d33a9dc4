"""Who sends a request: long-term credentials (RFC 8489 section 9.2) that are limited in time.

The username carries its expiry and the password is a signature of it (`turn.credentials`), so
there is no list of users. Unlike in coturn, the expiry counts for every request and not only for
the first, and a name can be revoked.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from turn.credentials import MAX_USERNAME_BYTES, sign
from turn.relay.limits import AMPLIFICATION, SMALLEST_ALLOCATE
from turn.relay.model import FiveTuple, Instant
from turn.relay.nonces import NONCE_BYTES, Nonces
from turn.relay.refusals import Refused
from turn.stun.message import HEADER_BYTES, Message, Pair, long_term_key
from turn.stun.names import Attribute, Code
from turn.stun.values import BadValue, read_text

MAX_REALM_BYTES: Final = (
    AMPLIFICATION * SMALLEST_ALLOCATE - HEADER_BYTES - 8 - 4 - NONCE_BYTES
) - 4
"""With a longer one, the challenge would be more than four times the request it answers."""


@dataclass(frozen=True, slots=True)
class User:
    """Who was authenticated, and with what."""

    username: str
    relay_id: str
    key: bytes
    """For MESSAGE-INTEGRITY of the response."""
    expires: int
    """Unix time in seconds."""

    def __repr__(self) -> str:
        return f"User(expires={self.expires})"


class Authenticator:
    """Tells users from strangers, and strangers what they need.

    :param realm: at most `MAX_REALM_BYTES` bytes. Raises ValueError for another one.
    """

    def __init__(self, realm: str, nonces: Nonces, accepted: tuple[str, ...]) -> None:
        if not realm or len(realm.encode()) > MAX_REALM_BYTES or '"' in realm:
            raise ValueError(
                f"the realm must have 1 to {MAX_REALM_BYTES} bytes and no quotation mark:"
                " the domain name of the site is usual"
            )
        self.accepted = accepted
        """The secrets that count now; replaced while the relay runs."""
        self.revoked = Revoked()
        self._realm = realm
        self._nonces = nonces

    def challenge(self, code: Code, path: FiveTuple, now: float) -> Refused:
        """401 or 438 with what the client needs to try again (RFC 8489 section 9.2.4)."""
        realm: Pair = (Attribute.REALM, self._realm.encode())
        return Refused(code, realm, (Attribute.NONCE, self._nonces.make(path, now)))

    def check(self, message: Message, path: FiveTuple, at: Instant) -> User:
        """The user, after the steps of RFC 8489 section 9.2.4. Raises Refused."""
        if not message.signed:
            # "If the message does not contain MESSAGE-INTEGRITY: 401", without USERNAME.
            raise self.challenge(Code.UNAUTHENTICATED, path, at.now)
        name, nonce = message.get(Attribute.USERNAME), message.get(Attribute.NONCE)
        if name is None or nonce is None or not message.has(Attribute.REALM):
            raise Refused(Code.BAD_REQUEST, why="USERNAME, REALM or NONCE is missing")
        user = self._user(name, message, at)
        if user is None:
            raise self.challenge(Code.UNAUTHENTICATED, path, at.now)
        # Only whose signature is right hears that the nonce is old: "no longer valid and at the
        # same time MESSAGE-INTEGRITY is invalid: 401".
        if not self._nonces.valid(nonce, path, at.now):
            raise self.challenge(Code.STALE_NONCE, path, at.now)
        return user

    def _user(self, name: bytes, message: Message, at: Instant) -> User | None:
        try:
            username = read_text(name, MAX_USERNAME_BYTES)
        except BadValue:
            return None
        expiry, _, relay_id = username.partition(":")
        # isascii, since int() also takes the digits of other scripts.
        if not (expiry.isascii() and expiry.isdecimal() and len(expiry) <= 12 and relay_id):
            return None
        expires = int(expiry)
        if expires <= at.wall or self.revoked.has(username, relay_id, at.wall):
            return None
        for secret in self.accepted:
            key = long_term_key(username, self._realm, sign(secret, username))
            if message.signed_with(key):
                return User(username, relay_id, key, expires)
        return None


class Revoked:
    """Usernames and ids that are refused though their signature is right, each for a time."""

    MOST: Final = 100_000

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()

    def add(self, name: str, until: float) -> None:
        """:param until: Unix time in seconds."""
        self._until[name] = until
        self._until.move_to_end(name)
        if len(self._until) > self.MOST:
            self._until.popitem(last=False)

    def remove(self, name: str) -> None:
        self._until.pop(name, None)

    def has(self, username: str, relay_id: str, wall: float) -> bool:
        return any(self._is(name, wall) for name in (username, relay_id))

    def _is(self, name: str, wall: float) -> bool:
        until = self._until.get(name)
        if until is not None and until <= wall:
            del self._until[name]
            return False
        return until is not None

    def __len__(self) -> int:
        return len(self._until)
