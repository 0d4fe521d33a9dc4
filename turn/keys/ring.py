"""Who holds a key, for the endpoint: answers from memory, and sees each change within seconds."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from turn.askers.model import BadToken
from turn.asking import Asker
from turn.keys.model import KeyRecord, KeyText, matches, parse_key
from turn.keys.store import Found, KeyStore

FRESH = 2.0
"""Seconds that an answer is used again: so long a revoked key may still be taken."""
MOST = 10_000
"""Answers that are remembered, "no such key" among them."""
NOBODY = KeyRecord("", hashlib.sha256(b"").digest(), 0)


@dataclass(frozen=True, slots=True)
class _Answer:
    record: KeyRecord
    asker: Asker | None
    until: float


class KeyRing(Protocol):
    """Whose key a text is."""

    def known(self, text: str) -> Asker | None:
        """At once, from memory; None where it has to be looked up."""

    async def asker(self, text: str) -> Asker:
        """Raises BadToken, and KeyStoreError where the file cannot be read."""

    async def origins(self) -> frozenset[str]:
        """Every page that some key may be used from. Raises KeyStoreError."""


class StoredKeys:
    """The keys of a file."""

    def __init__(self, store: KeyStore, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Found | None]] = {}
        self._origins: tuple[float, frozenset[str]] = (0.0, frozenset())

    def known(self, text: str) -> Asker | None:
        key = parse_key(text)
        return None if key is None else self._from_memory(key)

    async def asker(self, text: str) -> Asker:
        key = parse_key(text)
        if key is None:
            raise BadToken("this is no API key: it has the form mvt.xxxxxxxx.xxx…")
        answer = self._answers.get(key.id)
        if answer is None or self._clock() >= answer.until:
            found = await self._look_up(key.id)
            record, asker = NOBODY, None
            if found is not None:
                record, asker = found.record, found.holder.asker()
            self._remember(key.id, _Answer(record, asker, self._clock() + FRESH))
        known = self._from_memory(key)
        if known is None:
            raise BadToken("this API key is not known, or it has ended: ask for a new one")
        return known

    async def origins(self) -> frozenset[str]:
        until, origins = self._origins
        if self._clock() >= until:
            origins = await asyncio.to_thread(self._store.origins)
            self._origins = (self._clock() + FRESH, origins)
        return origins

    async def close(self) -> None:
        """Wait for what is being read."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    def _from_memory(self, key: KeyText) -> Asker | None:
        answer = self._answers.get(key.id)
        if answer is None:
            return None
        now = self._clock()
        fits = matches(answer.record, key)
        return answer.asker if fits and now < answer.until and answer.record.valid(now) else None

    async def _look_up(self, key_id: str) -> Found | None:
        # One flight for each id: a host that opens a conference asks a hundred times at once.
        flight = self._flights.get(key_id)
        if flight is None:
            flight = asyncio.create_task(asyncio.to_thread(self._store.find, key_id))
            self._flights[key_id] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key_id, None))
        return await asyncio.shield(flight)

    def _remember(self, key_id: str, answer: _Answer) -> None:
        self._answers[key_id] = answer
        self._answers.move_to_end(key_id)
        while len(self._answers) > MOST:
            self._answers.popitem(last=False)
