"""Nonces that need no memory: a time and a signature of it with the client's address.

RFC 8489 section 9.2: a nonce expires, and RFC 8656 section 5 wants that at least hourly. Whoever
has not received it at the address that it is bound to cannot use it.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from turn.relay.limits import NONCE_LIFETIME
from turn.relay.model import FiveTuple

_SIGNATURE_BYTES: Final = 12
NONCE_BYTES: Final = 24
"""Short, since it makes up most of an answer that may only be four times its request."""


class Nonces:
    """Makes them and knows its own again.

    :param key: random bytes that live as long as the process; a restart makes nonces stale.
    """

    def __init__(self, key: bytes, lifetime: int = NONCE_LIFETIME) -> None:
        if len(key) < 16:
            raise ValueError("the key of nonces has at least 16 random bytes")
        self._key = key
        self._lifetime = lifetime

    def make(self, path: FiveTuple, now: float) -> bytes:
        """For this client alone, valid for `lifetime` seconds from `now` (monotonic)."""
        return self._sign(path, b"%08x" % (int(now) & 0xFFFFFFFF))

    def valid(self, nonce: bytes, path: FiveTuple, now: float) -> bool:
        made = nonce[:8]
        if not hmac.compare_digest(self._sign(path, made), nonce):
            return False
        age = (int(now) - int(made, 16)) & 0xFFFFFFFF  # ours, as the signature shows
        return age <= self._lifetime

    def _sign(self, path: FiveTuple, made: bytes) -> bytes:
        ip, port = path.client
        text = b"%s %s %d %s" % (made, ip.encode(), port, path.transport.value.encode())
        signature = hmac.digest(self._key, text, "sha256")[:_SIGNATURE_BYTES]
        return made + base64.b64encode(signature)
