"""A process that delivers what is in an outbox, and kills itself at a named point.

    python -m tests.delivery.room_child '{"point": "posted", ...}'

It prints one line when nothing is due any more.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voip.bot.drafts import post
from voip.delivery.rooms import RoomDelivery
from voip.delivery.worker import Job, Worker
from voip.matrix import files
from voip.matrix.edge import MatrixEdge
from voip.matrix.settings import MatrixSettings
from voip.media.events import Recording, RecordingEnd
from voip.store.outbox import Outbox
from voip.store.outbox_records import Draft, Kind, State

POINTS = (
    "before it is written down",
    "after it is written down",
    "in the upload",
    "between upload and note",
    "between note and post",
    "as the post leaves",
    "between post and confirmation",
    "after the confirmation",
)


@dataclass(frozen=True)
class Orders:
    """What the process is told."""

    homeserver: str
    user_id: str
    matrix: str
    """The data folder of the Matrix edge, where the account is logged in."""
    recordings: str
    outbox: str
    room_id: str | None = None
    """Where to post `file`; None: only deliver what is there."""
    file: str = ""
    point: str | None = None
    hours: float = 0.0
    """By which the clock is put forward."""

    def to_json(self) -> str:
        return json.dumps(vars(self))

    def draft(self) -> Draft:
        assert self.room_id is not None
        path = Path(self.recordings) / "20260101T000000Z-a" / self.file
        size = path.stat().st_size
        recording = Recording(path, "video/webm", 1.0, size, RecordingEnd.STOPPED, 320, 240)
        return post(self.room_id, recording)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Trap:
    """Kills at the point that was ordered, and at no other, for the file that was ordered."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def at(self, point: str, job: Job | None = None) -> None:
        if self._orders.point != point:
            return
        if job is None or job.entry.payload["file"] == self._orders.file:
            die()


async def main(orders: Orders) -> None:
    trap = Trap(orders)
    settings = MatrixSettings(orders.homeserver, orders.user_id, Path(orders.matrix), password="-")
    async with MatrixEdge(settings, lambda _: None) as edge:
        running = asyncio.create_task(edge.run())
        await edge.ready()
        now = lambda: time.time() + orders.hours * 3600  # noqa: E731
        outbox = await Outbox.open(Path(orders.outbox), now)
        rooms = RoomDelivery(edge, outbox, Path(orders.recordings))
        set_trap_in_upload(trap)
        worker = Worker(outbox, {Kind.POST: trapped(rooms.post, trap)}, after(trap))
        if orders.room_id is not None:
            trap.at("before it is written down")
            await outbox.put([orders.draft()])
            trap.at("after it is written down")
        working = asyncio.create_task(worker.run())
        await worker.idle()
        for entry in await outbox.entries([State.WAITING]):
            raise SystemExit(f"still waiting: {entry.problem}")
        trap.at("after the confirmation")
        working.cancel()
        running.cancel()
        await asyncio.gather(working, running, return_exceptions=True)
        await outbox.close()
    sys.stdout.write("idle\n")


def trapped(handler: Callable[[Job], Awaitable[str | None]], trap: Trap) -> Any:
    """The handler, with the points that are noted in its job."""

    async def handle(job: Job) -> str | None:
        keep = job.keep
        leaves = job.leaves

        async def keep_trapped(**progress: object) -> None:
            if "content" in progress:
                trap.at("between upload and note", job)
            await keep(**progress)
            if "content" in progress:
                trap.at("between note and post", job)

        async def leaves_trapped(**progress: object) -> None:
            await leaves(**progress)
            trap.at("as the post leaves", job)

        job.keep, job.leaves = keep_trapped, leaves_trapped  # type: ignore[method-assign]
        return await handler(job)

    return handle


def after(trap: Trap) -> Any:
    async def on_done(entry: Any, _: object) -> None:
        if entry.payload["file"] == trap._orders.file:
            trap.at("between post and confirmation")

    return on_done


def set_trap_in_upload(trap: Trap) -> None:
    chunks = files._chunks

    async def cut(file: Path) -> AsyncIterator[bytes]:
        async for chunk in chunks(file):
            yield chunk
            if file.name == trap._orders.file:
                trap.at("in the upload")

    files._chunks = cut  # it dies when the first piece has been sent


if __name__ == "__main__":
    asyncio.run(main(Orders(**json.loads(sys.argv[1]))))
