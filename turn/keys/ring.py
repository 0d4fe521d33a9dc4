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
from turn.keys.model import KeyRecord, matches, parse_key
from turn.keys.store import Found, KeyStore

FRESH = 2.0
"""Seconds that an answer is used again: so long a revoked key may still be taken."""
MOST = 10_000
"""Answers that are remembered, "no such key" among them."""
NOBODY = KeyRecord("", b"", 0)


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
        self._answers: OrderedDict[bytes, _Answer] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Found | None]] = {}
        self._origins: tuple[float, frozenset[str]] = (0.0, frozenset())

    def known(self, text: str) -> Asker | None:
        answer = self._answers.get(_digest(text))
        return None if answer is None else self._still(answer)

    async def asker(self, text: str) -> Asker:
        digest = _digest(text)
        answer = self._answers.get(digest)
        if answer is None or self._clock() >= answer.until:
            answer = await self._look_up(text)
            self._remember(digest, answer)
        known = self._still(answer)
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

    def _still(self, answer: _Answer) -> Asker | None:
        now = self._clock()
        valid = answer.asker is not None and answer.record.valid(now)
        return answer.asker if valid and now < answer.until else None

    async def _look_up(self, text: str) -> _Answer:
        until = self._clock() + FRESH
        key = parse_key(text)
        found = None if key is None else await self._find(key.id)
        if key is None or found is None or not matches(found.record, key):
            return _Answer(NOBODY, None, until)
        return _Answer(found.record, found.holder.asker(), until)

    async def _find(self, key_id: str) -> Found | None:
        # One flight for each id: a host that opens a conference asks a hundred times at once.
        flight = self._flights.get(key_id)
        if flight is None:
            flight = asyncio.create_task(asyncio.to_thread(self._store.find, key_id))
            self._flights[key_id] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key_id, None))
        return await asyncio.shield(flight)

    def _remember(self, digest: bytes, answer: _Answer) -> None:
        self._answers[digest] = answer
        self._answers.move_to_end(digest)
        while len(self._answers) > MOST:
            self._answers.popitem(last=False)


def _digest(text: str) -> bytes:
    """What a key is remembered by. How long the search takes says nothing about a right one."""
    return hashlib.sha256(text.encode(errors="replace")).digest()
