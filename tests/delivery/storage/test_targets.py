"""Copies on disk and in (an imitation of) S3: whole or not there, sealed, gone on with after a
kill, and taken away again."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.delivery.storage.copy_child import KEY, s3_target
from tests.delivery.storage.s3_imitation import S3Imitation
from tests.delivery.test_worker import entry_of, idle
from tests.store.test_outbox import Clock
from voip.bot import drafts
from voip.delivery.storage.disk import DiskTarget
from voip.delivery.storage.sealing import unseal
from voip.delivery.storage.source import PART
from voip.delivery.storage.targets import Storage, Target
from voip.delivery.worker import Worker
from voip.store.outbox import Outbox
from voip.store.outbox_records import Entry, Kind, State

FOLDER = "20260101T000000Z-a"
NAME = f"{FOLDER}/audio.ogg"


class Rig:
    def __init__(self, outbox: Outbox, worker: Worker, clock: Clock, file: Path) -> None:
        self.outbox, self.worker, self.clock, self.file = outbox, worker, clock, file

    async def copy(self, target: str, *, again_after: float = 0) -> Entry:
        await self.outbox.put([drafts.copy(target, self.file)])
        self.clock.now += again_after
        await idle(self.worker)
        return await entry_of(self.outbox, drafts.copy_key(target, FOLDER, "audio.ogg"))

    async def erase(self, target: str) -> None:
        await self.outbox.put([drafts.erasure(target, FOLDER, "audio.ogg", "expired")])
        await idle(self.worker)
        key = f"erasure:{drafts.copy_key(target, FOLDER, 'audio.ogg')}"
        assert (await entry_of(self.outbox, key)).state is State.DONE


@pytest.fixture
async def s3() -> AsyncIterator[S3Imitation]:
    async with S3Imitation() as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recordings" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(os.urandom(100_000))
    return path


@asynccontextmanager
async def rig_with(
    targets: Mapping[str, Target], file: Path, key: bytes | None = KEY
) -> AsyncIterator[Rig]:
    clock = Clock()
    outbox = await Outbox.open(file.parents[2] / "outbox.db", clock)
    storage = Storage(targets, outbox, file.parents[1], key)
    worker = Worker(outbox, {Kind.COPY: storage.copy, Kind.ERASURE: storage.erase})
    working = asyncio.create_task(worker.run())
    try:
        yield Rig(outbox, worker, clock, file)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await outbox.close()


def fill(path: Path, size: int) -> None:
    path.write_bytes(os.urandom(size))


def read(path: Path) -> bytes:
    return path.read_bytes()


def remove(path: Path) -> None:
    path.unlink()


def opened(data: bytes) -> bytes:
    return b"".join(unseal(io.BytesIO(data), KEY))


async def test_a_copy_on_disk_is_sealed_private_and_taken_away_again(
    file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    async with rig_with({"disk": DiskTarget(folder)}, file) as rig:
        entry = await rig.copy("disk")
        assert (entry.state, entry.result) == (State.DONE, f"{NAME}.sealed")
        copy = folder / f"{NAME}.sealed"
        assert opened(copy.read_bytes()) == read(file)
        assert copy.stat().st_mode & 0o777 == 0o600
        assert [one.name for one in copy.parent.iterdir()] == [copy.name]
        await rig.erase("disk")
        assert list(folder.iterdir()) == []


async def test_a_disk_that_is_not_mounted_is_waited_for(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    async with rig_with({"disk": DiskTarget(folder)}, file, key=None) as rig:
        entry = await rig.copy("disk")
        assert "mounted" in (entry.problem or "")
        folder.mkdir()
        assert (await rig.copy("disk", again_after=10)).state is State.DONE
    assert (folder / NAME).read_bytes() == read(file)


async def test_a_file_that_is_gone_is_given_up(file: Path, tmp_path: Path) -> None:
    async with rig_with({"disk": DiskTarget(tmp_path)}, file) as rig:
        remove(file)
        entry = await rig.copy("disk")
        assert entry.state is State.GIVEN_UP
        assert "gone" in (entry.problem or "")
        assert (await rig.copy("s3")).state is State.GIVEN_UP  # not set up


async def test_a_small_file_is_one_request_to_s3(s3: S3Imitation, file: Path) -> None:
    async with rig_with({"s3": s3_target(s3.url)}, file) as rig:
        s3.before = lambda _: 503
        assert "SlowDown" in ((await rig.copy("s3")).problem or "")
        s3.before = lambda _: None
        assert (await rig.copy("s3", again_after=10)).state is State.DONE
        assert s3.asked == ["put", "put"]
        data, _ = s3.objects[f"bot/{NAME}.sealed"]
        assert opened(data) == read(file)
        await rig.erase("s3")
        assert s3.objects == {}


async def test_a_large_file_goes_on_where_it_broke_off(s3: S3Imitation, file: Path) -> None:
    fill(file, 2 * PART + 1000)
    parts = 0

    def second_fails_once(operation: str) -> int | None:
        nonlocal parts
        parts += operation == "part"
        return 503 if operation == "part" and parts == 2 else None

    async with rig_with({"s3": s3_target(s3.url)}, file) as rig:
        s3.before = second_fails_once
        assert (await rig.copy("s3")).state is State.WAITING
        assert (await rig.copy("s3", again_after=10)).state is State.DONE
    assert s3.asked == ["list", "create", "part", "part", "part", "part", "complete"]
    data, _ = s3.objects[f"bot/{NAME}.sealed"]
    assert opened(data) == read(file)


async def test_a_file_that_changed_is_begun_anew(s3: S3Imitation, file: Path) -> None:
    fill(file, PART + 1000)
    async with rig_with({"s3": s3_target(s3.url)}, file) as rig:
        s3.before = lambda operation: 503 if operation == "complete" else None
        await rig.copy("s3")
        fill(file, PART + 2000)
        s3.before = lambda _: None
        assert (await rig.copy("s3", again_after=10)).state is State.DONE
    data, _ = s3.objects[f"bot/{NAME}.sealed"]
    assert opened(data) == read(file)
    assert s3.uploads == {}


async def test_an_upload_that_the_store_dropped_is_begun_anew(s3: S3Imitation, file: Path) -> None:
    fill(file, PART + 1000)
    async with rig_with({"s3": s3_target(s3.url)}, file) as rig:
        s3.before = lambda operation: 503 if operation == "complete" else None
        await rig.copy("s3")
        s3.before = lambda _: None
        s3.uploads.clear()
        assert (await rig.copy("s3", again_after=10)).state is State.DONE
    assert opened(s3.objects[f"bot/{NAME}.sealed"][0]) == read(file)


async def test_what_is_half_there_is_taken_away_too(s3: S3Imitation, file: Path) -> None:
    fill(file, PART + 1000)
    async with rig_with({"s3": s3_target(s3.url)}, file) as rig:
        s3.before = lambda operation: 503 if operation == "complete" else None
        await rig.copy("s3")
        assert s3.uploads
        s3.before = lambda _: None
        remove(file)
        await rig.erase("s3")
        assert (s3.uploads, s3.objects) == ({}, {})
        rig.clock.now += 1000
        assert (await rig.copy("s3")).state is State.GIVEN_UP


async def test_wrong_keys_are_said_without_the_secret(s3: S3Imitation, file: Path) -> None:
    target = s3_target(s3.url)
    object.__setattr__(target._settings, "secret_key", "another")
    async with rig_with({"s3": target}, file) as rig:
        entry = await rig.copy("s3")
        assert entry.state is State.WAITING
        assert "SignatureDoesNotMatch" in (entry.problem or "")
    assert "another" not in repr(target._settings)


async def test_a_store_that_is_not_there_is_tried_again(file: Path) -> None:
    async with rig_with({"s3": s3_target("http://127.0.0.1:9")}, file) as rig:
        problem = (await rig.copy("s3")).problem or ""
        assert "cannot be asked" in problem
        assert "127.0.0.1" not in problem


async def start(*arguments: object) -> Process:
    module = "tests.delivery.storage.copy_child"
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *map(str, arguments))


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(("create", 1), marks=pytest.mark.long),
        ("part", 2),
        pytest.param(("complete", 1), marks=pytest.mark.long),
    ],
    ids=str,
)
async def test_killed_in_a_multipart_upload_there_is_one_object_in_the_end(
    s3: S3Imitation, file: Path, point: tuple[str, int]
) -> None:
    """The store has taken the request that is named, and the process dies before it knows."""
    fill(file, 2 * PART + 1000)
    path = file.parents[2] / "outbox.db"
    outbox = await Outbox.open(path)
    await outbox.put([drafts.copy("s3", file)])
    await outbox.close()
    s3.hang_after = point
    child = await start(path, file.parents[1], s3.url)
    await asyncio.wait_for(s3.silent.wait(), 30)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    s3.hang_after = None
    assert await (await start(path, file.parents[1], s3.url)).wait() == 0
    outbox = await Outbox.open(path)
    if point[0] == "complete":  # found to be there already
        assert s3.asked.count("complete") == 2
    assert (await entry_of(outbox, drafts.copy_key("s3", FOLDER, "audio.ogg"))).state is State.DONE
    await outbox.close()
    assert list(s3.objects) == [f"bot/{NAME}.sealed"]
    assert opened(s3.objects[f"bot/{NAME}.sealed"][0]) == read(file)
    assert s3.uploads == {}
    assert s3.asked.count("part") == {"create": 3, "part": 4, "complete": 3}[point[0]]
