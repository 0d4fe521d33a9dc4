"""What an operator may set about the media of calls."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from voip.media.limits import UNLIMITED, PartLimits
from voip.media.liveness import Patience


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """All times are seconds."""

    relay_only: bool = False
    """Use TURN relays alone, so that the other side never learns this machine's addresses."""
    port: int | None = None
    """The one UDP port for the media of all calls, 0 for any that is free; None: each call has a
    socket of its own on each address."""
    public_addresses: tuple[str, ...] = ()
    """With a port: the addresses that the other side is told in place of this machine's own, one
    for each family at most, where a 1:1 NAT stands before it."""
    workers: int = 0
    """Processes that share the calls; 0: this one carries them. With a port, worker 0 has that
    one, worker 1 the next, and so on."""
    gather_timeout: float = 0.4
    """The longest that a STUN or TURN server may delay a description; with everything else, a
    description is ready within half a second."""
    late_gather_timeout: float = 5.0
    """How much longer such a server may still answer; what comes late is trickled."""
    connect_timeout: float = 30.0
    """From both descriptions being known until media must flow; aiortc itself never gives up."""
    interrupted_after: float = 3.0
    """How long nothing may arrive before the call counts as interrupted. A peer that sends nothing
    is asked after a second whether it is there; on hold or muted it still answers."""
    gone_after: float = 12.0
    """How long nothing may arrive before the call is given up; a new path that was agreed on
    meanwhile gets as long again."""
    gone_grace: float = 5.0
    """After the other side closed its media, how long its hangup may take to arrive."""
    close_timeout: float = 1.0
    """How long closing a call waits for a TURN server to confirm the end of the allocation."""
    keyframe_interval: float = 3.0
    """While video is recorded, how often a keyframe is asked for."""

    part_limits: PartLimits = UNLIMITED
    """When a recording goes on in another file."""

    def __post_init__(self) -> None:
        if self.port is not None and not 0 <= self.port <= 65535:
            raise ValueError("the media port must be between 0 and 65535")
        if self.workers < 0:
            raise ValueError("there cannot be fewer than 0 media workers")
        if (self.port or 0) + max(self.workers - 1, 0) > 65535:
            raise ValueError("the media ports of the workers must be below 65536")
        if self.public_addresses and self.port is None:
            raise ValueError(
                "a public address needs a media port: nothing else can be mapped to it"
            )
        for address in self.public_addresses:
            ipaddress.ip_address(address)  # raises ValueError, which names it
        for name in (
            "gather_timeout",
            "late_gather_timeout",
            "connect_timeout",
            "interrupted_after",
            "gone_after",
            "gone_grace",
            "close_timeout",
            "keyframe_interval",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0 seconds")
        if self.gone_after <= self.interrupted_after:
            raise ValueError("gone_after must be more than interrupted_after")

    @property
    def patience(self) -> Patience:
        usual = Patience()
        return Patience(
            check_after=min(usual.check_after, self.interrupted_after / 3),
            interrupted_after=self.interrupted_after,
            silent_after=max(usual.silent_after, self.interrupted_after),
            gone_after=self.gone_after,
        )

    @property
    def look_every(self) -> float:
        """How often a call is looked at."""
        return min(0.5, self.interrupted_after / 6)
