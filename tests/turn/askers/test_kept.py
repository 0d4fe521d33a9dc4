"""Answers that are kept, on a clock that the tests move, and questions that are asked once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.askers.kept import (
    MAX_FLIGHTS,
    MAX_FLIGHTS_PER_GROUP,
    Answer,
    Flights,
    Kept,
    TooManyFlights,
)


class Question:
    """Answers when the test lets it."""

    def __init__(self, value: str = "yes", lifetime: float = 10) -> None:
        self.answer = Answer(value, lifetime)
        self.asked = 0
        self.open = asyncio.Event()

    async def __call__(self) -> Answer[str]:
        self.asked += 1
        await self.open.wait()
        return self.answer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def flights(clock: Clock) -> AsyncIterator[Flights[str]]:
    made: Flights[str] = Flights(clock)
    yield made
    await made.close()


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 50), st.floats(0, 20))))
def test_an_answer_is_never_older_than_it_says(puts: list[tuple[str, float, float]]) -> None:
    kept: Kept[int] = Kept(limit=3)
    now = 0.0
    until: dict[str, tuple[int, float]] = {}
    for number, (key, lifetime, pause) in enumerate(puts):
        kept.put(key, Answer(number, lifetime), now)
        until[key] = (number, now + lifetime)
        assert len(kept) <= 3
        now += pause
        for each, (value, end) in until.items():
            assert kept.get(each, now) in ({None} if now >= end else {None, value})


def test_the_oldest_answer_goes_first() -> None:
    kept: Kept[int] = Kept(limit=2)
    for number, key in enumerate("abac"):
        kept.put(key, Answer(number, 10), 0)
    assert [kept.get(key, 1) for key in "abc"] == [2, None, 3]


async def test_many_who_ask_the_same_are_one_question(flights: Flights[str]) -> None:
    question = Question()
    waiting = [asyncio.create_task(flights.answer("k", "g", question)) for _ in range(20)]
    await asyncio.sleep(0)
    question.open.set()
    assert await asyncio.gather(*waiting) == ["yes"] * 20
    assert await flights.answer("k", "g", question) == "yes"
    assert question.asked == 1


async def test_an_answer_is_asked_for_again_when_it_is_too_old(
    flights: Flights[str], clock: Clock
) -> None:
    question = Question(lifetime=10)
    question.open.set()
    for now, asked in ((0, 1), (9.9, 1), (10, 2)):
        clock.now = now
        await flights.answer("k", "g", question)
        assert question.asked == asked


async def test_who_asked_first_may_go_away(flights: Flights[str]) -> None:
    question = Question()
    first = asyncio.create_task(flights.answer("k", "g", question))
    second = asyncio.create_task(flights.answer("k", "g", question))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    question.open.set()
    assert await second == "yes"
    assert question.asked == 1


async def test_an_answer_counts_also_when_all_have_gone_away(flights: Flights[str]) -> None:
    question = Question()
    only = asyncio.create_task(flights.answer("k", "g", question))
    await asyncio.sleep(0)
    only.cancel()
    question.open.set()
    assert await flights.answer("k", "g", question) == "yes"
    assert question.asked == 1


async def test_an_error_reaches_all_and_is_not_kept(flights: Flights[str]) -> None:
    async def broken() -> Answer[str]:
        await asyncio.sleep(0)
        raise KeyError

    waiting = [flights.answer("k", "g", broken) for _ in range(3)]
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in errors] == [KeyError] * 3
    question = Question()
    question.open.set()
    assert await flights.answer("k", "g", question) == "yes"


async def test_one_group_cannot_take_all_flights(flights: Flights[str]) -> None:
    question = Question()
    waiting = [
        asyncio.create_task(flights.answer(f"slow{number}", "slow", question))
        for number in range(MAX_FLIGHTS_PER_GROUP)
    ]
    await asyncio.sleep(0)
    with pytest.raises(TooManyFlights):
        await flights.answer("another", "slow", question)
    quick = Question("quick")
    quick.open.set()
    assert await flights.answer("k", "other", quick) == "quick"
    question.open.set()
    await asyncio.gather(*waiting)
    assert await flights.answer("another", "slow", question) == "yes"


async def test_there_are_only_so_many_flights(flights: Flights[str]) -> None:
    question = Question()
    waiting = [
        asyncio.create_task(flights.answer(f"k{number}", f"g{number}", question))
        for number in range(MAX_FLIGHTS)
    ]
    await asyncio.sleep(0)
    with pytest.raises(TooManyFlights):
        await flights.answer("k", "g", question)
    question.open.set()
    await asyncio.gather(*waiting)


async def test_closing_ends_what_is_in_flight(clock: Clock) -> None:
    flights: Flights[str] = Flights(clock)
    waiting = asyncio.create_task(flights.answer("k", "g", Question()))
    await asyncio.sleep(0)
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
