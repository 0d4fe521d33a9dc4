"""A walk on a clock of the test's own, over a store that can be made to fail."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotate import Event, Order, Outage, Surroundings, Walk, others
from turn.secrets.rotation import Change, Did, Pace, Snapshot, Wait, by_fingerprint, secrets_of
from turn.secrets.store import Conflict

PACE = Pace(60, 1000)


class Memory:
    where = "the memory"

    def __init__(self, *values: str) -> None:
        self.kept = Snapshot(values)
        self.outages = 0

    async def read(self) -> Snapshot:
        if self.outages:
            self.outages -= 1
            raise SecretsUnavailable("the memory is lost")
        kept = self.kept
        await asyncio.sleep(0)  # so that others come between
        return kept

    async def commit(self, before: Snapshot, change: Change) -> None:
        if before.rotation != self.kept.rotation:
            raise Conflict
        values = {*self.kept.values, change.add or ""} - {change.remove, ""}
        self.kept = Snapshot(by_fingerprint({one for one in values if one}), change.rotation)


class World:
    """Time that passes in sleeps alone, and numbered secrets."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.numbers = itertools.count()
        self.events: list[Event] = []
        self.around = Surroundings(lambda: self.now, self.sleep, self.secret)

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        await asyncio.sleep(0)

    def secret(self) -> str:
        return f"secret-{next(self.numbers)}"

    def walk(self, store: Memory, order: Order) -> Walk:
        return Walk(store, order, self.events.append, self.around)

    def did(self) -> list[Did]:
        return [one.did for one in self.events if isinstance(one, Change)]


WHOLE = [Did.ADDED, Did.STAMPED, Did.PROMOTED, Did.STAMPED, Did.REMOVED]


async def test_one_rotation_and_no_other_one_after_it() -> None:
    world, store = World(), Memory("old")
    began = world.now
    end = await world.walk(store, Order(PACE)).run()
    assert world.did() == WHOLE
    assert end.values == ("secret-0",)
    assert 0 <= world.now - began - (2 * PACE.spread + PACE.lifetime) < 5


async def test_what_is_under_way_is_carried_on_and_no_other_one_begun() -> None:
    world, store = World(), Memory("old")
    await world.walk(store, Order(PACE, wait=False)).run()
    assert world.did() == [Did.ADDED, Did.STAMPED]
    assert isinstance(world.events[-1], Wait)
    await world.walk(store, Order(Pace(0, 0))).run()  # at the pace that it began with
    assert world.did() == WHOLE
    assert store.kept.values == ("secret-0",)
    assert world.now > 5000 + PACE.lifetime


async def test_only_continue_begins_nothing() -> None:
    world, store = World(), Memory("old")
    await world.walk(store, Order(PACE, may_begin=False)).run()
    assert world.events == []


async def test_two_at_once_make_one_rotation() -> None:
    world, store = World(), Memory("old")
    walks = [world.walk(store, Order(PACE)).run() for _ in range(3)]
    await asyncio.gather(*walks)
    removed = world.did().count(Did.REMOVED)
    assert removed == world.did().count(Did.ADDED)
    assert len(store.kept.values) == 1


async def test_leaked_replaces_what_was_about_to_sign_too_and_waits_for_nothing() -> None:
    world, store = World(), Memory("old")
    await world.walk(store, Order(PACE, wait=False)).run()
    before = world.now
    await world.walk(store, Order(Pace(0, 0), leaked=True)).run()
    assert world.now == before
    assert store.kept.values == ("secret-1",)


async def test_a_place_that_is_away_for_a_while_in_a_wait() -> None:
    world, store = World(), Memory("old")
    walk = world.walk(store, Order(PACE))
    report = walk.report

    def lose(event: Event) -> None:
        report(event)
        if isinstance(event, Wait) and len(world.events) < 5:
            store.outages = 3

    walk.report = lose
    await walk.run()
    assert Outage("the memory is lost") in world.events
    assert world.did() == WHOLE


async def test_a_place_that_is_not_there_at_the_start() -> None:
    world, store = World(), Memory("old")
    store.outages = 1
    with pytest.raises(SecretsUnavailable, match="the memory is lost"):
        await world.walk(store, Order(PACE)).run()


async def test_others_are_those_that_no_rotation_knows() -> None:
    world, store = World(), Memory("old")
    assert others(store.kept) == ()
    await world.walk(store, Order(PACE)).run()
    store.kept = Snapshot(("foreign", *store.kept.values), store.kept.rotation)
    assert others(store.kept) == ("foreign",)
    assert secrets_of(store.kept, "").signing == "secret-0"
