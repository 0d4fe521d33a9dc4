"""What a place that holds secrets can do, and what it may answer."""

from __future__ import annotations

from typing import Protocol

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Change, Snapshot

MAX_SECRETS = 64
"""A relay tries each one for each request; more than these are a mistake."""
ANSWER_WITHIN = 10.0
"""Seconds that a database has to answer."""


class Conflict(Exception):
    """Somebody else has made a step since we looked: look again."""


class SecretStore(Protocol):
    """A file or a table. It opens what it needs for each call, and leaves nothing open."""

    @property
    def where(self) -> str:
        """Its name in messages, without passwords."""

    async def read(self) -> Snapshot:
        """What is there now. Raises SecretsUnavailable."""

    async def commit(self, before: Snapshot, change: Change) -> None:
        """Make the whole change or nothing of it, and only while the rotation is `before`'s.

        Raises Conflict where it is not, and SecretsUnavailable.
        """


def bounded(values: set[str], where: str) -> set[str]:
    """The values of a table without empty ones. Raises SecretsUnavailable where they are too many.

    coturn takes an empty value for none.
    """
    if len(values) > MAX_SECRETS:
        raise SecretsUnavailable(
            f"{where} holds more than {MAX_SECRETS} secrets: remove those that nobody signs with"
        )
    return {value for value in values if value}
