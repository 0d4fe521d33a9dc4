"""Which relay addresses answer, as probes find out, with some patience in both directions.

`RelayHealth` is pure and decides; `watch` is the task around it that probes and sleeps.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

FALL = 3
"""Probes that must fail in a row before an address is left out: one lost packet is no outage."""
RISE = 2
"""Probes that must succeed in a row before it is told again."""
PROBE_WITHIN = 10.0
"""Seconds."""
AT_ONCE = 8
"""Probes that run at the same time."""

Probe = Callable[[str], Awaitable[bool]]
"""Whether the relay at this URI works; may raise, which means no."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Address:
    alive: bool = True  # until three probes say otherwise: a start must not empty the answers
    against: int = 0
    """Probes in a row that disagree with `alive`."""
    next_probe: float = 0.0


class RelayHealth:
    """What is known of each address."""

    def __init__(
        self, uris: Iterable[str], *, every: float, fall: int = FALL, rise: int = RISE
    ) -> None:
        """:param every: seconds between two probes of one address."""
        self._addresses = {uri: _Address() for uri in uris}
        self.dead: frozenset[str] = frozenset()
        """The URIs that are left out of answers."""
        self._every = every
        self._fall = fall
        self._rise = rise

    def counts(self) -> tuple[int, int]:
        """How many answer, and how many there are."""
        return len(self._addresses) - len(self.dead), len(self._addresses)

    def due(self, now: float) -> list[str]:
        """The addresses to probe now; each must be followed by `record`."""
        return [uri for uri, each in self._addresses.items() if each.next_probe <= now]

    def deadline(self) -> float:
        """When the next probe is due."""
        return min((each.next_probe for each in self._addresses.values()), default=float("inf"))

    def record(self, uri: str, *, ok: bool, now: float) -> bool:
        """Take a probe's result; True where it changed what is told."""
        address = self._addresses[uri]
        address.next_probe = now + self._every
        if ok == address.alive:
            address.against = 0
            return False
        address.against += 1
        if address.against < (self._rise if ok else self._fall):
            return False
        address.alive, address.against = ok, 0
        self.dead = self.dead - {uri} if ok else self.dead | {uri}
        return True


async def watch(
    health: RelayHealth,
    probe: Probe,
    observe: Callable[[str, bool], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Probe whatever is due until cancelled; `observe` hears each result."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(uri: str) -> None:
        async with slots:
            ok = await _probed(probe, uri)
        if health.record(uri, ok=ok, now=clock()):
            if ok:
                logger.warning("%s answers again and is told to clients", uri)
            else:
                logger.error("%s fails its probes and is left out of answers", uri)
        observe(uri, ok)

    while True:
        async with asyncio.TaskGroup() as group:
            for uri in health.due(clock()):
                group.create_task(one(uri))
        await asyncio.sleep(min(max(health.deadline() - clock(), 0.0), 3600.0))


async def _probed(probe: Probe, uri: str) -> bool:
    try:
        async with asyncio.timeout(PROBE_WITHIN):
            return await probe(uri)
    except Exception as error:  # noqa: BLE001 - whatever it is, that relay does not work
        logger.debug("the probe of %s ended in %s", uri, type(error).__name__)
        return False
