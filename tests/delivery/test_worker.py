"""The worker: which entry when, and what becomes of it. Handlers here are small functions of the
tests; the real ones have tests of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.store.test_outbox import Clock
from voip.delivery import worker as module
from voip.delivery.errors import Postponed, Refused
from voip.delivery.worker import Job, Worker
from voip.store.errors import StoreFullError
from voip.store.outbox import Outbox
from voip.store.outbox_records import Draft, Entry, Kind, State

Handle = Callable[[Job], Awaitable[str | None]]


def draft(name: str, lane: str = "hook") -> Draft:
    return Draft(Kind.WEBHOOK, name, lane, {"n": name})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def outbox(tmp_path: Path, clock: Clock) -> AsyncIterator[Outbox]:
    outbox = await Outbox.open(tmp_path / "outbox.db", clock)
    yield outbox
    await outbox.close()


@asynccontextmanager
async def working(outbox: Outbox, handle: Handle) -> AsyncIterator[Worker]:
    worker = Worker(outbox, {Kind.WEBHOOK: handle})
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def idle(worker: Worker) -> None:
    worker.nudge()
    async with asyncio.timeout(10):
        await worker.idle()


async def entry_of(outbox: Outbox, key: str) -> Entry:
    entry = await outbox.by_key(key)
    assert entry is not None
    return entry


async def test_a_lane_is_in_order_and_lanes_do_not_wait_for_each_other(outbox: Outbox) -> None:
    gate, order = asyncio.Event(), list[str]()

    async def handle(job: Job) -> str:
        if job.entry.lane == "slow":
            await gate.wait()
        order.append(job.entry.key)
        return f"done {job.entry.key}"

    await outbox.put([draft("s1", "slow"), draft("s2", "slow"), draft("q1"), draft("q2")])
    async with working(outbox, handle) as worker:
        async with asyncio.timeout(10):
            while order != ["q1", "q2"]:  # noqa: ASYNC110  # the store's thread gives no event
                await asyncio.sleep(0.01)
        gate.set()
        await idle(worker)
    assert order == ["q1", "q2", "s1", "s2"]
    assert (await entry_of(outbox, "s2")).result == "done s2"


async def test_what_is_postponed_comes_again_and_another_is_not_held_up(
    outbox: Outbox, clock: Clock
) -> None:
    tried: list[str] = []

    async def handle(job: Job) -> None:
        tried.append(job.entry.key)
        if job.entry.key == "a" and tried.count("a") < 3:
            raise Postponed("down", 30)

    await outbox.put([draft("a"), draft("b")])
    async with working(outbox, handle) as worker:
        await idle(worker)
        assert tried == ["a", "b"]
        assert (await entry_of(outbox, "a")).problem == "down"
        for _ in range(2):
            clock.now += 30
            await idle(worker)
    assert tried == ["a", "b", "a", "a"]
    assert (await entry_of(outbox, "a")).state is State.DONE


async def test_what_is_refused_is_given_up_and_stays_to_be_seen(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(job: Job) -> None:
        raise Refused("we may not speak there")

    (entry,) = await outbox.put([draft("a")])
    async with working(outbox, handle) as worker:
        await idle(worker)
    found = await entry_of(outbox, "a")
    assert (found.state, found.problem) == (State.GIVEN_UP, "we may not speak there")
    assert f"voip outbox show {entry.id[:8]}" in caplog.text


async def test_what_has_been_tried_for_too_long_is_given_up(outbox: Outbox, clock: Clock) -> None:
    async def handle(job: Job) -> None:
        raise Postponed("down")

    await outbox.put([draft("a")])
    async with working(outbox, handle) as worker:
        await idle(worker)
        clock.now += 10 * 24 * 3600
        await idle(worker)
    found = await entry_of(outbox, "a")
    assert found.state is State.GIVEN_UP
    assert "down" in (found.problem or "")


async def test_a_defect_costs_its_entry_a_try_and_nothing_else(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(job: Job) -> None:
        if job.entry.key == "a":
            raise ValueError("a secret")

    await outbox.put([draft("a"), draft("b")])
    async with working(outbox, handle) as worker:
        await idle(worker)
    assert (await entry_of(outbox, "a")).problem == "a defect of this program (ValueError)"
    assert (await entry_of(outbox, "b")).state is State.DONE


async def test_progress_of_a_failed_try_is_found_by_the_next(outbox: Outbox, clock: Clock) -> None:
    seen: list[object] = []

    async def handle(job: Job) -> None:
        seen.append(job.progress.get("part"))
        if job.progress.get("part") == 2:
            return
        await job.keep(part=(job.progress.get("part") or 0) + 1)
        raise Postponed("cut", 1)

    await outbox.put([draft("a")])
    async with working(outbox, handle) as worker:
        for _ in range(3):
            await idle(worker)
            clock.now += 1
    assert seen == [None, 1, 2]


async def test_nothing_leaves_while_the_outbox_cannot_be_written(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it could not be known afterwards that it did."""
    monkeypatch.setattr(module, "PAUSE", 0.01)
    left: list[str] = []
    full = True
    sent = outbox.sent

    async def sometimes(entry_id: str) -> None:
        if full:
            raise StoreFullError("no space")
        await sent(entry_id)

    monkeypatch.setattr(outbox, "sent", sometimes)
    tries = asyncio.Event()

    async def handle(job: Job) -> None:
        tries.set()
        await job.leaves(device="A")
        left.append(job.entry.key)

    await outbox.put([draft("a")])
    async with working(outbox, handle) as worker:
        for _ in range(3):
            tries.clear()
            await asyncio.wait_for(tries.wait(), 10)
        assert left == []
        full = False
        await idle(worker)
    assert left == ["a"]


async def test_cancelled_in_the_middle_it_is_delivered_by_the_next_worker(outbox: Outbox) -> None:
    began, tries = asyncio.Event(), 0

    async def handle(job: Job) -> None:
        nonlocal tries
        tries += 1
        began.set()
        if tries == 1:
            await asyncio.Event().wait()

    await outbox.put([draft("a")])
    async with working(outbox, handle):
        await asyncio.wait_for(began.wait(), 10)
    assert (await entry_of(outbox, "a")).state is State.WAITING
    async with working(outbox, handle) as worker:
        await idle(worker)
    assert (tries, (await entry_of(outbox, "a")).state) == (2, State.DONE)
