"""Which relayed ports are free: taken at random (RFC 8656 section 7.2), given back, held in pairs.

Pure: it counts what this process has bound. Another process may have bound the same port, which
only binding it shows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator


class Ports:
    """The ports of one address.

    :param chance: an unpredictable source; off-path attackers must not guess ports.
    """

    def __init__(self, ports: range, chance: random.Random) -> None:
        self._free = list(ports)
        self._place = {port: place for place, port in enumerate(self._free)}
        self._chance = chance

    def __len__(self) -> int:
        """How many are free."""
        return len(self._free)

    def take(self) -> int | None:
        """Any free port, which is taken then; None where there is none."""
        if not self._free:
            return None
        port = self._free[self._chance.randrange(len(self._free))]
        self._remove(port)
        return port

    def take_even(self, *, pair: bool) -> int | None:
        """An even port for EVEN-PORT; with `pair`, the next one is free too and is taken too."""
        for port in self._from_anywhere():
            if port % 2 == 0 and (not pair or port + 1 in self._place):
                self._remove(port)
                if pair:
                    self._remove(port + 1)
                return port
        return None

    def give_back(self, port: int) -> None:
        self._place[port] = len(self._free)
        self._free.append(port)

    def _from_anywhere(self) -> Iterator[int]:
        if not self._free:
            return
        start = self._chance.randrange(len(self._free))
        yield from self._free[start:]
        yield from self._free[:start]

    def _remove(self, port: int) -> None:
        place = self._place.pop(port)
        last = self._free.pop()
        if last != port:
            self._free[place] = last
            self._place[last] = place
