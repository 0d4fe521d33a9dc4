"""Answers that are kept for a while, and one question in flight for each key.

Both are bounded: in count, the oldest answer going first; in age, by what each answer says.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_ANSWERS = 10_000
MAX_FLIGHTS = 500
MAX_FLIGHTS_PER_GROUP = 50
"""One slow homeserver must not take all the flights there are."""


class TooManyFlights(Exception):
    """So many questions wait for answers that this one is not asked."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a question gave, and the seconds for which it is worth keeping; 0: not at all."""

    value: T
    lifetime: float


class Kept(Generic[T]):
    """Answers by key. Pure: the clock is the caller's, in seconds that only ever grow."""

    def __init__(self, limit: int = MAX_ANSWERS) -> None:
        self._limit = limit
        self._answers: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: str, now: float) -> T | None:
        """The answer, while it lasts."""
        found = self._answers.get(key)
        if found is None:
            return None
        value, until = found
        if now < until:
            return value
        del self._answers[key]
        return None

    def put(self, key: str, answer: Answer[T], now: float) -> None:
        self._answers.pop(key, None)
        if answer.lifetime <= 0:
            return
        self._answers[key] = (answer.value, now + answer.lifetime)
        while len(self._answers) > self._limit:
            self._answers.popitem(last=False)


class Flights(Generic[T]):
    """Asks once for everybody who wants to know the same, and keeps what came.

    A question goes on when those who asked it have gone away: the next one finds the answer.
    Whoever makes an instance must `close` it.
    """

    def __init__(self, clock: Callable[[], float], limit: int = MAX_ANSWERS) -> None:
        """:param clock: monotonic, in seconds."""
        self._clock = clock
        self._kept: Kept[T] = Kept(limit)
        self._flying: dict[str, asyncio.Task[T]] = {}
        self._groups: Counter[str] = Counter()

    async def answer(self, key: str, group: str, ask: Callable[[], Awaitable[Answer[T]]]) -> T:
        """What is kept for the key, or what ``ask`` gives.

        :param group: whom the question goes to; only so many at a time are asked of one.
        :raises TooManyFlights: there are too many questions already.
        """
        kept = self._kept.get(key, self._clock())
        if kept is not None:
            return kept
        flight = self._flying.get(key)
        if flight is None:
            if len(self._flying) >= MAX_FLIGHTS or self._groups[group] >= MAX_FLIGHTS_PER_GROUP:
                raise TooManyFlights
            flight = asyncio.create_task(self._fly(key, group, ask))
            self._flying[key] = flight
            self._groups[group] += 1
        # Shielded: who asked first may give up while others still wait.
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """End what is in flight; those who wait for it are cancelled."""
        flights = list(self._flying.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _fly(self, key: str, group: str, ask: Callable[[], Awaitable[Answer[T]]]) -> T:
        try:
            answer = await ask()
            self._kept.put(key, answer, self._clock())
            return answer.value
        finally:
            del self._flying[key]
            self._groups[group] -= 1
            if not self._groups[group]:
                del self._groups[group]
