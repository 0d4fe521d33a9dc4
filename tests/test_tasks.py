"""Tasks that somebody owns, and lanes that keep order."""

from __future__ import annotations

import asyncio
import logging

import pytest

from voip.tasks import MAX_WAITING, Lane, TaskOwner


async def test_a_failed_task_is_logged_and_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    owner = TaskOwner()

    async def fail() -> None:
        raise ValueError("on purpose")

    task = owner.spawn(fail(), "the doomed one")
    with caplog.at_level(logging.ERROR):
        await asyncio.wait({task})
    assert len(owner) == 0
    assert "the doomed one failed" in caplog.text


async def test_closing_cancels_and_waits() -> None:
    owner = TaskOwner()
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    owner.spawn(work(), "work")
    await asyncio.sleep(0)
    await owner.aclose()
    assert ended == [True]
    assert len(owner) == 0


async def test_draining_lets_work_finish() -> None:
    owner = TaskOwner()
    done = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(True)

    owner.spawn(work(), "work")
    await owner.drain(5.0)
    assert done == [True]


async def test_a_lane_keeps_order_however_long_jobs_take() -> None:
    owner = TaskOwner()
    lane = Lane(owner, "lane")
    seen: list[int] = []

    def job(number: int, steps: int) -> None:
        async def work() -> None:
            for _ in range(steps):
                await asyncio.sleep(0)
            seen.append(number)

        lane.put(work)

    for number, steps in enumerate((5, 0, 3, 1)):
        job(number, steps)
    await owner.drain(5.0)
    assert seen == [0, 1, 2, 3]


async def test_a_failing_job_does_not_stop_its_lane() -> None:
    owner = TaskOwner()
    lane = Lane(owner, "lane")
    seen: list[str] = []

    async def fail() -> None:
        raise ValueError("on purpose")

    async def work() -> None:
        seen.append("after")

    lane.put(fail)
    lane.put(work)
    await owner.drain(5.0)
    assert seen == ["after"]


async def test_the_last_job_cancels_what_runs_and_drops_what_waits() -> None:
    owner = TaskOwner()
    lane = Lane(owner, "lane")
    seen: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def never() -> None:
        seen.append("never")

    async def last() -> None:
        seen.append("last")

    lane.put(endless)
    lane.put(never)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    lane.put_last(last)
    await owner.drain(5.0)
    assert seen == ["cancelled", "last"]


async def test_a_lane_is_bounded() -> None:
    owner = TaskOwner()
    lane = Lane(owner, "lane")

    async def work() -> None:
        await asyncio.Event().wait()

    assert all(lane.put(work) for _ in range(MAX_WAITING))
    assert not lane.put(work)
    await owner.aclose()
