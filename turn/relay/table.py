"""The allocations there are: found by client and by number, counted by id, ended when due."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from turn.relay.limits import RESERVATION_LIFETIME
from turn.relay.model import Allocation, FiveTuple

_SLACK: Final = 1000
"""Entries of the heap beyond two for each allocation before what is stale is thrown out."""


@dataclass(slots=True)
class Reservation:
    """The port above another allocation's, held for whoever has the token (EVEN-PORT)."""

    relay_id: str = field(repr=False)
    expires: float


class Table:
    """Every change of a deadline is followed by `schedule`, so that `deadline` is right."""

    def __init__(self) -> None:
        self.by_path: dict[FiveTuple, Allocation] = {}
        self.reservations: dict[bytes, Reservation] = {}
        self._by_number: dict[int, Allocation] = {}
        self._per_id: Counter[str] = Counter()
        self._heap: list[tuple[float, int]] = []
        self._due: dict[int, float] = {}
        """When each allocation is to be looked at; other entries of the heap are stale."""

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[Allocation]:
        return iter(tuple(self._by_number.values()))

    def count(self, relay_id: str) -> int:
        return self._per_id[relay_id]

    def add(self, allocation: Allocation) -> None:
        self.by_path[allocation.path] = allocation
        self._by_number[allocation.number] = allocation
        self._per_id[allocation.relay_id] += 1
        self.schedule(allocation)

    def remove(self, allocation: Allocation) -> None:
        del self.by_path[allocation.path]
        del self._by_number[allocation.number]
        del self._due[allocation.number]
        self._per_id[allocation.relay_id] -= 1
        if not self._per_id[allocation.relay_id]:
            del self._per_id[allocation.relay_id]
        if len(self._heap) > 2 * len(self) + _SLACK:
            self._heap = [(due, number) for number, due in self._due.items()]
            heapq.heapify(self._heap)

    def named(self, name: str) -> list[Allocation]:
        """Those whose username or id it is."""
        return [each for each in self if name in {each.username, each.relay_id}]

    def schedule(self, allocation: Allocation) -> None:
        """Look at it when the first thing of it expires."""
        times = [allocation.expires, *allocation.permissions.values()]
        times += [channel.expires for channel in allocation.channels.values()]
        due = min(times)
        known = self._due.get(allocation.number)
        # A later one needs no entry: the look at the old time finds nothing and sets a new one.
        if known is None or due < known:
            self._due[allocation.number] = due
            heapq.heappush(self._heap, (due, allocation.number))

    def reserve(self, token: bytes, relay_id: str, now: float) -> None:
        self.reservations[token] = Reservation(relay_id, now + RESERVATION_LIFETIME)

    def deadline(self) -> float | None:
        """When `expire` is to be called again, if ever."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        times = [reservation.expires for reservation in self.reservations.values()]
        if self._heap:
            times.append(self._heap[0][0])
        return min(times, default=None)

    def expire(self, now: float) -> list[Allocation]:
        """Forget permissions and channels that are over; gives the allocations that are."""
        over: list[Allocation] = []
        while self._heap and self._heap[0][0] <= now:
            due, number = heapq.heappop(self._heap)
            if self._due.get(number) != due:
                continue
            allocation = self._by_number[number]
            del self._due[number]
            _drop_expired(allocation, now)
            self.schedule(allocation)
            if allocation.expires <= now:
                self.remove(allocation)
                over.append(allocation)
        return over

    def expire_reservations(self, now: float) -> list[bytes]:
        over = [token for token, held in self.reservations.items() if held.expires <= now]
        for token in over:
            del self.reservations[token]
        return over


def _drop_expired(allocation: Allocation, now: float) -> None:
    for ip in [ip for ip, until in allocation.permissions.items() if until <= now]:
        del allocation.permissions[ip]
    for channel in [each for each in allocation.channels.values() if each.expires <= now]:
        del allocation.channels[channel.number]
        del allocation.peers[channel.peer]
