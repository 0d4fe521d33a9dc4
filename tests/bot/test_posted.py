"""Work that is done after a call gets the events of its recordings, as far as there are any."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from voip.bot.drafts import post
from voip.bot.posted import PostedEvents
from voip.delivery.errors import Refused
from voip.delivery.worker import Job, Worker
from voip.media.events import Recording, RecordingEnd
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind
from voip.tasks import TaskOwner

FOLDER = Path("recordings/20260131T120000Z-3f2a")


def recording(name: str) -> Recording:
    return Recording(FOLDER / name, "audio/ogg", 3.0, 1000, RecordingEnd.SILENCE)


def call(*names: str) -> Any:
    return SimpleNamespace(folder=FOLDER, recordings=[recording(name) for name in names])


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    outbox = await Outbox.open(tmp_path / "outbox.db")
    yield outbox
    await outbox.close()


async def test_it_waits_for_what_is_on_its_way_and_not_for_what_is_refused(outbox: Outbox) -> None:
    go = asyncio.Event()

    async def deliver(job: Job) -> str:
        await go.wait()
        if job.entry.payload["file"] == "bad.ogg":
            raise Refused("too large")
        return "$event"

    posted, tasks = PostedEvents(outbox), TaskOwner()
    worker = Worker(outbox, {Kind.POST: deliver}, on_over=lambda entry, ok: posted.look_again())
    both = call("audio.ogg", "bad.ogg")
    await outbox.put([post("!r:x", one) for one in both.recordings])
    tasks.spawn(worker.run(), "worker")
    found = asyncio.ensure_future(posted.of(both))
    assert not (await asyncio.wait({found}, timeout=0.05))[0]
    go.set()
    assert await asyncio.wait_for(found, 10) == {"audio.ogg": "$event"}
    await tasks.aclose()


async def test_the_wait_is_bounded_and_what_is_not_to_be_posted_is_not_waited_for(
    outbox: Outbox,
) -> None:
    posted = PostedEvents(outbox)
    assert await asyncio.wait_for(posted.of(call("audio.ogg")), 10) == {}
    await outbox.put([post("!r:x", recording("audio.ogg"))])
    assert await asyncio.wait_for(posted.of(call("audio.ogg"), within=0.05), 10) == {}
