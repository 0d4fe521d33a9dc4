"""A key as text, and what is kept of it. Pure: randomness comes in.

A key reads `mvt.<id>.<secret>`. The id finds the row; of the secret only a SHA-256 is kept. It
has 256 bits of its own, so there is nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from turn.asking import Asker, Kind, Terms

PREFIX = "mvt"
"""Lets scanners of repositories and logs find a key that leaked."""
SECRET_BYTES = 32
ID_BYTES = 5
PATTERN = re.compile(rf"{PREFIX}\.([a-z2-7]{{8}})\.([A-Za-z0-9_-]{{43}})")
IN_TEXT = re.compile(rf"{PREFIX}\.[a-z2-7]{{8}}\.[A-Za-z0-9_-]+")
"""Finds keys in a longer text, such as a log line."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a holder may have."""

    terms: Terms = field(default_factory=Terms)
    id_prefix: str = ""
    """What begins the ids of its users at the relay: operators tell tenants apart by it."""
    origins: tuple[str, ...] = ()
    """Web pages that may use the key from a browser; none: servers only."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A conference host. It keeps its id, limits and scopes while its keys are rotated."""

    id: str
    name: str
    """For people."""
    scopes: Scopes
    created: int
    """Unix time, seconds."""

    def asker(self) -> Asker:
        """As whom it asks."""
        scopes = self.scopes
        return Asker(
            Kind.KEY, f"key:{self.id}", scopes.terms, scopes.id_prefix, origins=scopes.origins
        )


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of one key."""

    id: str
    digest: bytes = field(repr=False)
    created: int
    ends: int | None = None
    """Unix time, seconds, from which it is refused; None: it has no end yet."""

    def valid(self, now: float) -> bool:
        return self.ends is None or now < self.ends


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key in full, shown once. The repr hides the secret."""

    id: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"{PREFIX}.{self.id}.{self.secret}"

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.secret.encode()).digest()


def make_key(dice: bytes) -> KeyText:
    """A key from `ID_BYTES + SECRET_BYTES` random bytes."""
    if len(dice) != ID_BYTES + SECRET_BYTES:
        raise ValueError(f"a key is made from {ID_BYTES + SECRET_BYTES} random bytes")
    secret = base64.urlsafe_b64encode(dice[ID_BYTES:]).decode().rstrip("=")
    return KeyText(make_id(dice[:ID_BYTES]), secret)


def make_id(dice: bytes) -> str:
    """Eight letters and digits that nobody mixes up, from five random bytes."""
    return base64.b32encode(dice).decode().lower()


def parse_key(text: str) -> KeyText | None:
    """None where it is no key, whatever else it is."""
    match = PATTERN.fullmatch(text)
    return KeyText(match[1], match[2]) if match else None


def matches(record: KeyRecord, key: KeyText) -> bool:
    """Whether it is this key; how long that takes says nothing about the right one."""
    return hmac.compare_digest(record.digest, key.digest)
