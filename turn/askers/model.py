"""What is known of somebody who asks for credentials, and why they may be turned away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class MatrixUser:
    """A Matrix account whose homeserver has vouched for it."""

    user_id: str
    server_name: str
    """The part of the user id after its first colon, port included."""
    guest: bool
    """Never true over OpenID, as homeservers give guests no such token."""
    local: bool
    """Whether the account is on the operator's own homeserver."""


class AskerError(Exception):
    """Nobody was proven. The text is for the operator, and holds no token and no address."""

    status: ClassVar[int]
    """The HTTP status that says the same."""


class BadToken(AskerError):
    """The homeserver does not know the token, or it vouches for somebody else's user."""

    status = 401


class NotAllowed(AskerError):
    """Whoever it is may not ask here: another server's user, or a guest."""

    status = 403


class HomeserverUnreachable(AskerError):
    """The homeserver was not found, or gave no Matrix answer."""

    status = 502


class HomeserverSlow(AskerError):
    """The homeserver took too long, or so many questions wait for it that this one did not."""

    status = 504
