"""Secrets that are read again, on a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from turn.secrets.live import PATIENCE, LiveSecrets
from turn.secrets.model import Secrets, SecretsUnavailable
from turn.secrets.rotation import Change, Snapshot


class Shelf:
    """A store that a test fills, breaks and makes slow."""

    where = "the shelf"

    def __init__(self, *values: str) -> None:
        self.values = values
        self.broken = False
        self.reads = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def read(self) -> Snapshot:
        self.reads += 1
        values = self.values
        await self.may_answer.wait()
        if self.broken:
            raise SecretsUnavailable("the shelf is broken")
        return Snapshot(values)

    async def commit(self, before: Snapshot, change: Change) -> None:
        raise NotImplementedError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_what_was_read_is_kept_for_a_moment_and_then_read_again() -> None:
    shelf, clock = Shelf("one"), Clock()
    source = LiveSecrets(shelf, read_every=5, oldest=60, clock=clock)
    assert await source.secrets() == Secrets("one", ("one",))
    shelf.values = ("two", "one")
    clock.now += 4.9
    assert (await source.secrets()).signing == "one"
    assert shelf.reads == 1
    clock.now += 0.1
    assert (await source.secrets()).signing == "two"


async def test_a_place_that_breaks_is_survived_for_as_long_as_was_promised() -> None:
    shelf, clock = Shelf("one"), Clock()
    source = LiveSecrets(shelf, read_every=5, oldest=60, clock=clock)
    await source.secrets()
    shelf.broken = True
    clock.now += 60
    assert (await source.secrets()).signing == "one"
    clock.now += 1
    with pytest.raises(SecretsUnavailable, match="the shelf is broken"):
        await source.secrets()
    shelf.broken = False
    clock.now += 5
    assert (await source.secrets()).signing == "one"


async def test_a_broken_place_is_not_asked_each_time() -> None:
    shelf, clock = Shelf(), Clock()
    source = LiveSecrets(shelf, read_every=5, oldest=60, clock=clock)
    for _ in range(10):
        with pytest.raises(SecretsUnavailable, match="the shelf holds no shared secret yet"):
            await source.secrets()
    assert shelf.reads == 1


async def test_an_answer_is_as_old_as_its_question() -> None:
    shelf, clock = Shelf("one"), Clock()
    source = LiveSecrets(shelf, read_every=5, oldest=60, clock=clock)
    shelf.may_answer.clear()
    asking = asyncio.create_task(source.secrets())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.now += 61  # the place took that long
    shelf.may_answer.set()
    with pytest.raises(SecretsUnavailable):
        await asking


async def test_one_read_for_all_who_ask_and_one_who_leaves_does_not_end_it() -> None:
    shelf = Shelf("one")
    source = LiveSecrets(shelf, clock=Clock())
    shelf.may_answer.clear()
    asking = [asyncio.create_task(source.secrets()) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.gather(asking[0], return_exceptions=True)
    shelf.may_answer.set()
    answers = await asyncio.gather(*asking[1:])
    assert {answer.signing for answer in answers} == {"one"}
    assert shelf.reads == 1


async def test_a_slow_place_holds_nobody_up_while_what_is_kept_may_be_used() -> None:
    shelf, clock = Shelf("one"), Clock()
    source = LiveSecrets(shelf, read_every=5, oldest=60, clock=clock)
    await source.secrets()
    shelf.may_answer.clear()
    shelf.values = ("two",)
    clock.now += 5
    asking = asyncio.create_task(source.secrets())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.now += PATIENCE
    async with asyncio.timeout(PATIENCE / 2):  # the first waits for a while, and nobody after it
        assert (await source.secrets()).signing == "one"
    assert (await asking).signing == "one"
    shelf.may_answer.set()
    await asyncio.sleep(0)
    assert (await source.secrets()).signing == "two"
    assert shelf.reads == 2


async def test_closing_ends_the_read() -> None:
    shelf = Shelf("one")
    source = LiveSecrets(shelf)
    shelf.may_answer.clear()
    asking = asyncio.create_task(source.secrets())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await source.aclose()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await source.aclose()
