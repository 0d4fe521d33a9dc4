"""Who asks for credentials and on which terms: all that the endpoint knows of an asker.

Keys are looked up in `turn.keys`; Matrix tokens by whatever has the methods of `MatrixAskers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from turn.askers.model import MatrixUser
from turn.limits.model import Allowance

DEFAULT_TTL = 3600
"""Seconds. Clients fetch rarely, and one of them only once a process: not less than an hour."""
LONGEST_TTL = 7 * 86400
"""Seconds that anybody may be given at all."""


class Kind(StrEnum):
    """Whom a tier is for."""

    LOCAL = "local"
    """A Matrix user of the configured homeserver."""
    REMOTE = "remote"
    """A Matrix user of another one."""
    KEY = "key"
    """A conference host with a key of its own."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an asker may have."""

    ttl: int = DEFAULT_TTL
    """Seconds, where nothing is asked for."""
    longest_ttl: int = DEFAULT_TTL
    """Seconds."""
    regions: tuple[str, ...] = ()
    """Empty: every region. The first one is the one to take where nothing else says which."""
    rate: Allowance | None = None
    quota: Allowance | None = None
    """How many credentials in a longer time."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who was recognised."""

    kind: Kind
    identity: str
    """The same for the same asker each time. It goes no further than limits and the keyed hash."""
    terms: Terms
    id_prefix: str = ""
    """What begins the id that the relay sees."""
    origins: tuple[str, ...] | None = None
    """Pages that may use this key; None: any page (a Matrix token is the user's own)."""

    tier: str = field(init=False)
    """For metrics."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tier", self.kind.value)  # an enum takes its time to say it

    def __repr__(self) -> str:  # who it is belongs in no log
        return f"Asker({self.kind})"


class MatrixAskers(Protocol):
    """Asks homeservers whom a token belongs to, and keeps the answers for a moment.

    `turn.askers.askers.MatrixAskers` is one. Both methods raise `turn.askers.model.AskerError`.
    """

    async def by_openid(
        self, access_token: str, matrix_server_name: str, expires_in: float | None = None
    ) -> MatrixUser:
        """The user whose OpenID token this is, as that server says over federation."""

    async def by_access_token(self, token: str) -> MatrixUser:
        """The user of the configured homeserver whose access token this is."""
