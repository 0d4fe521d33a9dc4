"""Into real rooms, exactly once: killed at each point, with the homeserver gone, and after it has
forgotten the transaction."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bot.conftest import eventually
from tests.conftest import User, start_again
from tests.delivery.room_child import POINTS, Orders
from tests.matrix.conftest import Person
from tests.store.test_outbox import Clock
from voip.bot import drafts
from voip.delivery.rooms import RoomDelivery
from voip.delivery.worker import Worker
from voip.matrix.settings import MatrixSettings
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind, State

FOLDER = "20260101T000000Z-a"
HARDEST = ("in the upload", "between post and confirmation")
"""The other points run with the long tests."""


@pytest.fixture(scope="module")
def own_synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SynapseProcess]:
    """A homeserver that may be stopped, and its memory changed."""
    folder = tmp_path_factory.mktemp("own-synapse")
    process = SynapseProcess(SynapseOptions(folder, free_port(), extra_config=LIMITS_LIFTED))
    process.start()
    yield process
    process.stop()


class Stage:
    """A bot and a person at a homeserver of the test's own, and rooms with both in them."""

    def __init__(self, synapse: SynapseProcess, folder: Path) -> None:
        self.synapse = synapse
        self.folder = folder
        self.recordings = folder / "recordings"
        (self.recordings / FOLDER).mkdir(parents=True)
        self.bot = self._person("bot")
        self.ann = self._person("ann")

    def _person(self, kind: str) -> Person:
        name = f"{kind}{secrets.token_hex(4)}"
        self.synapse.register(name, "a password")
        user = User(name, "a password", f"@{name}:{self.synapse.server_name}")
        data = self.folder / name
        settings = MatrixSettings(self.synapse.url, user.user_id, data, password=user.password)
        return Person(user, settings)

    async def room(self, *, encrypted: bool = True) -> str:
        return await self.ann.invite_into_room(self.bot, encrypted=encrypted)

    def file(self, name: str) -> Path:
        path = self.recordings / FOLDER / name
        path.write_bytes(secrets.token_bytes(300_000))
        return path

    def orders(self, room_id: str | None = None, file: str = "", **more: str | float) -> Orders:
        orders = Orders(
            self.synapse.url,
            self.bot.user.user_id,
            str(self.bot.settings.data_dir),
            str(self.recordings),
            str(self.folder / "outbox.db"),
            room_id,
            file,
        )
        return replace(orders, **more)  # type: ignore[arg-type]  # fields of it

    async def posted(self, room_id: str) -> list[str]:
        """The file names that the person reads in the room, the newest first."""
        messages = await self.ann.edge.recent_messages(room_id)
        return [str(one.content.get("filename", one.content.get("body"))) for one in messages]


@asynccontextmanager
async def stage_at(synapse: SynapseProcess, folder: Path) -> AsyncIterator[Stage]:
    stage = await asyncio.to_thread(Stage, synapse, folder)
    await asyncio.gather(stage.bot.start(), stage.ann.start())
    try:
        yield stage
    finally:
        await asyncio.gather(stage.bot.stop(), stage.ann.stop())


@pytest.fixture
async def stage(own_synapse: SynapseProcess, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage_at(own_synapse, tmp_path) as made:
        yield made


async def run(orders: Orders) -> int:
    """Run a delivering process to its end, by itself or by a kill; its status."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.delivery.room_child", orders.to_json()
    )
    try:
        async with asyncio.timeout(120):
            return await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def killed_at(stage: Stage, points: tuple[str, ...]) -> None:
    """A kill at each point, each with a post of its own; then one process delivers the rest."""
    rooms = {point: await stage.room(encrypted=bool(n % 2)) for n, point in enumerate(points)}
    await stage.bot.stop()  # the children take its place
    for number, (point, room_id) in enumerate(rooms.items()):
        file = stage.file(f"video-{number}.webm").name
        assert await run(stage.orders(room_id, file, point=point)) == -signal.SIGKILL, point
        # Whoever finds the recording on the next start puts it again, sure or not.
        outbox = await Outbox.open(Path(stage.orders().outbox))
        await outbox.put([stage.orders(room_id, file).draft()])
        await outbox.close()
    assert await run(stage.orders()) == 0
    for point, room_id in rooms.items():
        assert await stage.posted(room_id) == [f"{FOLDER}.webm"], point


async def test_killed_in_a_delivery_it_is_posted_once(stage: Stage) -> None:
    await killed_at(stage, HARDEST)


@pytest.mark.long
@pytest.mark.timeout(300)  # many processes, one after the other
async def test_killed_at_every_point_it_is_posted_once(stage: Stage) -> None:
    await killed_at(stage, POINTS)


@pytest.mark.long
@pytest.mark.timeout(300)  # many processes, one after the other
async def test_after_the_transaction_is_forgotten_the_room_is_searched(
    own_synapse: SynapseProcess, stage: Stage
) -> None:
    """Both were posted and not confirmed. The second run has no reason to look: it shows that the
    homeserver would have taken a repeat for a new event."""
    looked, trusting = await stage.room(), await stage.room()
    await stage.bot.stop()
    boxes = {looked: f"{stage.folder}/looked.db", trusting: f"{stage.folder}/trusting.db"}
    point = "between post and confirmation"
    for room_id, box in boxes.items():
        file = stage.file("video.webm").name
        at = stage.orders(room_id, file, point=point, outbox=box)
        assert await run(at) == -signal.SIGKILL
    await stage.ann.stop()
    await asyncio.to_thread(own_synapse.stop)
    forget_transactions(own_synapse)
    await start_again(own_synapse)
    stage.ann = Person(stage.ann.user, stage.ann.settings)
    await stage.ann.start()
    assert await run(stage.orders(outbox=boxes[looked], hours=2.0)) == 0
    assert await run(stage.orders(outbox=boxes[trusting])) == 0
    assert len(await stage.posted(looked)) == 1
    assert len(await stage.posted(trusting)) == 2


def forget_transactions(synapse: SynapseProcess) -> None:
    """What Synapse does by itself after a day; what it has in memory went with its process."""
    with sqlite3.connect(synapse.options.data_dir / "homeserver.db") as database:
        deleted = database.execute("DELETE FROM event_txn_id_device_id").rowcount
    database.close()
    assert deleted >= 2


async def test_while_the_homeserver_is_gone_it_waits_and_then_arrives_once(
    own_synapse: SynapseProcess, stage: Stage
) -> None:
    room_id, clock = await stage.room(), Clock()
    outbox = await Outbox.open(stage.folder / "outbox.db", clock)
    rooms = RoomDelivery(stage.bot.edge, outbox, stage.recordings)
    worker = Worker(outbox, {Kind.POST: rooms.post, Kind.NOTICE: rooms.notice})
    working = asyncio.create_task(worker.run())
    await asyncio.to_thread(own_synapse.stop)
    try:
        stage.file("video.webm")
        draft = stage.orders(room_id, "video.webm").draft()
        await outbox.put([draft])
        worker.nudge()

        async def failed() -> bool:
            entry = await outbox.by_key(draft.key)
            return entry is not None and entry.attempts > 0

        await eventually(failed)
    finally:
        await start_again(own_synapse)
    clock.now += 3600
    await outbox.put([drafts.notice("later", room_id, "later")])
    worker.nudge()
    await worker.idle()

    async def all_done() -> bool:
        clock.now += 300
        worker.nudge()
        await worker.idle()
        return (await outbox.counts())[State.DONE] == 2

    await eventually(all_done)

    async def readable() -> bool:  # the keys come with a sync, which waits between its tries
        return len(await stage.posted(room_id)) >= 2

    await eventually(readable)
    assert sorted(await stage.posted(room_id)) == [f"{FOLDER}.webm", "later"]
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await outbox.close()


async def test_a_post_is_taken_back_wherever_it_stands(stage: Stage) -> None:
    room_id = await stage.room()
    outbox = await Outbox.open(stage.folder / "outbox.db")
    rooms = RoomDelivery(stage.bot.edge, outbox, stage.recordings)
    worker = Worker(outbox, {Kind.POST: rooms.post, Kind.REDACTION: rooms.redact})
    for name in ("there.webm", "waits.webm"):
        stage.file(name)
    (there,) = await outbox.put([stage.orders(room_id, "there.webm").draft()])
    working = asyncio.create_task(worker.run())
    await worker.idle()
    assert await stage.posted(room_id) == [f"{FOLDER}.webm"]
    (waits,) = await outbox.put([stage.orders(room_id, "waits.webm").draft()])
    await outbox.later(waits.id, outbox.now() + 1000, "the homeserver is gone")
    for name in ("there.webm", "waits.webm", "never.webm"):
        await outbox.put([drafts.redaction(room_id, FOLDER, name, None, "deleted")])
    worker.nudge()
    await worker.idle()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert [name for name in await stage.posted(room_id) if name != "None"] == []
    states = {entry.key: entry.state for entry in await outbox.entries(State)}
    assert states.pop(there.key) is State.DONE
    assert states.pop(waits.key) is State.GIVEN_UP
    assert set(states.values()) == {State.DONE}
    await outbox.close()
