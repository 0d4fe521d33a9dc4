"""What coturn tells of its allocations, added up by tier. Pure.

coturn publishes under `turn/realm/REALM/user/USERNAME/allocation/NUMBER/`: `status` ("new
lifetime=600, …", "refreshed …", "deleted") and, every few thousand packets and at the end,
`traffic` ("rcvp=1, rcvb=100, sentp=1, sentb=100": packets and bytes from and to the client since
the last one).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from turn.tiers import tier_of

CHANNELS = "turn/realm/*/user/*/allocation/*"
"""What to subscribe to, as a pattern of Redis."""
STATUS_KEYS = "turn/realm/*/user/*/allocation/*/status"
MOST = 100_000
"""Allocations that are followed; more are not counted."""
_CHANNEL = re.compile(r"turn/realm/[^/]*/user/([^/]*)/allocation/(\d{1,24})/(status|traffic)")
_LIFETIME = re.compile(r"(?:new|refreshed) lifetime=(\d{1,9})")
_BYTES = re.compile(r"rcvb=(\d{1,19}), sentp=\d+, sentb=(\d{1,19})")


@dataclass(slots=True)
class Tally:
    """One coturn's allocations and bytes."""

    from_clients: Counter[str] = field(default_factory=Counter)
    """Bytes by tier since we listen."""
    to_clients: Counter[str] = field(default_factory=Counter)
    _live: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Number → tier, and when it is over if nothing is said of it any more."""

    def heard(self, channel: str, message: str, now: float) -> None:
        """Take a message; one that is not coturn's changes nothing. `now`: monotonic seconds."""
        match = _CHANNEL.fullmatch(channel)
        if match is None:
            return
        tier, number, kind = tier_of(match[1]), match[2], match[3]
        if kind == "traffic":
            self._passed(tier, message)
        else:
            self._became(number, tier, message, now)

    def live(self, now: float) -> Counter[str]:
        """Allocations by tier. Those of a coturn that was killed are over with their lifetime."""
        for number in [each for each, (_, end) in self._live.items() if end <= now]:
            del self._live[number]
        return Counter(tier for tier, _ in self._live.values())

    def _passed(self, tier: str, message: str) -> None:
        if found := _BYTES.search(message):
            self.from_clients[tier] += int(found[1])
            self.to_clients[tier] += int(found[2])

    def _became(self, number: str, tier: str, message: str, now: float) -> None:
        found = _LIFETIME.match(message)
        lifetime = int(found[1]) if found else 0
        if lifetime == 0:  # deleted, or about to be (RFC 8656 section 7.3)
            self._live.pop(number, None)
        elif number in self._live or len(self._live) < MOST:
            self._live[number] = (tier, now + lifetime)
