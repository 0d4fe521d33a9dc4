"""What an issuer and a relay need to know of the shared secrets at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class SecretsUnavailable(Exception):
    """The secrets cannot be had now; the text says where they were looked for and what to do."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Several may be valid at once: while one replaces another, relays accept both."""

    signing: str
    """What new credentials are signed with."""
    accepted: tuple[str, ...]
    """What relays accept, `signing` among them."""

    def __post_init__(self) -> None:
        if not self.signing or self.signing not in self.accepted or not all(self.accepted):
            raise ValueError("the signing secret must be one of those accepted, and none empty")

    def __repr__(self) -> str:  # a log line with these in it would be a leak
        return f"Secrets({len(self.accepted)} accepted)"


class SecretSource(Protocol):
    """Where secrets come from. Asked often, so it keeps what it has read for a moment."""

    async def secrets(self) -> Secrets:
        """The secrets as they are now. Raises SecretsUnavailable."""


@runtime_checkable
class KeepsSecrets(Protocol):
    """A source that can say at once what it has."""

    def kept(self) -> Secrets | None:
        """What `SecretSource.secrets` would give without reading anything; None: it would read."""


class FixedSecrets:
    """Secrets that do not change while the process runs; the first one signs."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = Secrets(secrets[0], secrets)

    async def secrets(self) -> Secrets:
        return self._secrets

    def kept(self) -> Secrets:
        return self._secrets
