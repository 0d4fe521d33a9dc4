"""How asking a relay can fail. No text here holds a credential or the address of a client."""

from __future__ import annotations

from enum import Enum


class RelayError(Exception):
    """Base class: the relay could not be asked, or said no."""


class NoAnswer(RelayError):
    """Nothing came back in time."""


class Unreachable(RelayError):
    """The operating system says that nobody listens there or that no way leads there."""

    def __init__(self, reason: str, *, refused: bool, no_route: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused
        """The machine is there and the port is closed."""
        self.no_route = no_route
        """This machine itself has no network of that family."""


class Closed(RelayError):
    """The relay ended the connection."""


class Malformed(RelayError):
    """What came back is not what the protocol allows."""


class ErrorResponse(RelayError):
    """A STUN error response (RFC 8489 section 14.8)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


class NameFault(Enum):
    """Why a host name gave no address."""

    UNKNOWN = "unknown"
    """The name does not exist, or has no address."""
    NO_RESOLVER = "no resolver"
    """The name servers did not answer; the name may well exist."""


class NameFailed(RelayError):
    """The host name gave no address."""

    def __init__(self, fault: NameFault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault


class TlsFault(Enum):
    """What is wrong with the relay's TLS."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_NAME = "wrong name"
    UNKNOWN_ISSUER = "unknown issuer"
    SELF_SIGNED = "self-signed"
    OTHER_CERTIFICATE = "other certificate fault"
    NO_TLS = "no TLS"
    """Something answers there and does not speak TLS, or no version that we accept."""


class TlsFailed(RelayError):
    """The TLS handshake failed."""

    def __init__(self, fault: TlsFault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
