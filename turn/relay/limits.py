"""What the relay allows: the numbers that an operator may set, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_LIFETIME = 600
"""Seconds; RFC 8656 section 3.2."""
MAX_LIFETIME = 3600
"""Seconds; what RFC 8656 section 7.2 recommends."""
PERMISSION_LIFETIME = 300.0
"""Seconds; RFC 8656 section 9 fixes it."""
CHANNEL_LIFETIME = 600.0
"""Seconds; RFC 8656 section 12 fixes it."""
RESERVATION_LIFETIME = 30.0
"""Seconds; RFC 8656 section 7.2 asks for at least 30."""
NONCE_LIFETIME = 600
"""Seconds until a client has to come for a new one; RFC 8656 section 5 says at most an hour."""
AMPLIFICATION = 4
"""The most times its request that an answer to nobody known may be long: an address can be forged,
and then the answer hits a stranger."""
SMALLEST_ALLOCATE = 28
"""Bytes of an Allocate request with REQUESTED-TRANSPORT and no more, as every client begins."""


@dataclass(frozen=True, slots=True)
class Limits:
    """All of them hold for one relay process."""

    per_id: int = 12
    """Allocations of one id (486): a browser makes several for a call."""
    total: int = 1200
    """Allocations of all ids (486 would blame the user, so that this is 508)."""
    permissions: int = 128
    """IP addresses that one allocation may talk to (508)."""
    channels: int = 128
    """Channels of one allocation (508)."""
    reservations: int = 64
    """Ports held for EVEN-PORT at the same time (508)."""
    allocation_bandwidth: float | None = 2_500_000.0
    """Bytes a second, each way; what is above is dropped. None: no limit."""
    total_bandwidth: float | None = None
    """Bytes a second of everything together, both ways. None: no limit."""
    answers_per_source: float = 50.0
    """Answers a second to unauthenticated requests of one address (IPv6: /64)."""
    answers_burst: float = 200.0
    """The same at once, for many clients behind one NAT."""
    max_lifetime: int = MAX_LIFETIME

    def __post_init__(self) -> None:
        for name in ("per_id", "total", "permissions", "channels", "max_lifetime"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: the relay would serve nobody")
        for name in ("allocation_bandwidth", "total_bandwidth"):
            value = getattr(self, name)
            if value is not None and value < 65_536:
                raise ValueError(f"{name} must be at least 65,536 bytes/s: one datagram is as long")
