"""Pools with real worker processes, called by engines of this process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.media.calls import Heard, engine
from voip.media.engine import MediaEngine
from voip.media.events import Connected
from voip.media.settings import MediaSettings
from voip.media.workers.pool import MediaPool
from voip.media.workers.process import WorkerProcess
from voip.signalling.ids import CallKey

A, B, C = (CallKey("!room:example.org", name) for name in "abc")


@asynccontextmanager
async def pool(
    workers: int = 2, settings: MediaSettings | None = None
) -> AsyncIterator[tuple[MediaPool, Heard]]:
    heard = Heard()
    one = MediaPool(settings or MediaSettings(workers=workers), heard)
    await one.open()
    try:
        yield one, heard
    finally:
        await one.aclose()


@asynccontextmanager
async def called(
    *keys: CallKey, workers: int = 2
) -> AsyncIterator[tuple[MediaPool, Heard, MediaEngine, Heard]]:
    """A pool that has answered these calls, and the engine of those who call; all connected."""
    async with pool(workers) as (one, heard), engine() as (caller, hears):
        for key in keys:
            await answer(one, caller, key)
        await connected(heard, *keys)
        await connected(hears, *keys)
        yield one, heard, caller, hears


async def answer(one: MediaPool, caller: MediaEngine, key: CallKey) -> None:
    offer = await caller.create_offer(key, video=False, ice_servers=())
    await caller.apply_answer(key, await one.create_answer(key, offer, ice_servers=()))


async def connected(heard: Heard, *keys: CallKey) -> None:
    async with asyncio.timeout(20):
        while not set(keys) <= {event.key for event in heard.of(Connected)}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def worker_of(one: MediaPool, key: CallKey) -> WorkerProcess:
    worker = one._calls[key].worker
    assert worker is not None
    return worker


def kill(worker: WorkerProcess) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Running, and not only waiting for somebody to notice its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}
