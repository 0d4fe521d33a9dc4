"""Token buckets: how much may pass, of bytes or of answers. Pure: the time comes in."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final


class Bucket:
    """Fills at `rate` a second up to `burst`; what does not fit is not let through."""

    __slots__ = ("at", "burst", "left", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.left = burst
        self.at = now

    def take(self, amount: float, now: float) -> bool:
        """Whether `amount` may pass at `now` (seconds, monotonic)."""
        left = min(self.left + (now - self.at) * self.rate, self.burst)
        self.at = now
        if left < amount:
            self.left = left
            return False
        self.left = left - amount
        return True


class Sources:
    """A bucket for each source of unauthenticated requests, for a bounded number of sources.

    The source that was quiet longest makes room for a new one: whoever sends from very many
    forged addresses gains no more than one bucket each.
    """

    MOST: Final = 65_536

    def __init__(self, rate: float, burst: float, most: int = MOST) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, ip: str, now: float) -> bool:
        """Whether this address may have one more answer at `now`."""
        source = source_of(ip)
        bucket = self._buckets.get(source)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._buckets.popitem(last=False)
            bucket = self._buckets[source] = Bucket(self._rate, self._burst, now)
        else:
            self._buckets.move_to_end(source)
        return bucket.take(1.0, now)

    def __len__(self) -> int:
        return len(self._buckets)


def source_of(ip: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that one IPv6 customer has."""
    if ":" not in ip:
        return ip
    # As `inet_ntop` writes them: at most one "::", which stands for the missing groups.
    head, gap, tail = ip.partition("::")
    groups = head.split(":") if head else []
    if gap:
        rest = tail.split(":") if tail else []
        missing = 8 - len(groups) - len(rest) - (1 if "." in tail else 0)
        groups += ["0"] * missing + rest
    return ":".join(groups[:4])
