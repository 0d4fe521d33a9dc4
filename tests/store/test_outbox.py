"""The outbox's promises: written once, on the disk, shared, bounded, and nothing silently gone."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.small_disks import small_disk_at
from voip.store import outbox as module
from voip.store.database import Use
from voip.store.errors import StoreDamagedError, StoreFullError
from voip.store.outbox import Outbox
from voip.store.outbox_records import Draft, Kind, State


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def draft(name: str, lane: str = "room:!a:b", **options: float) -> Draft:
    return Draft(Kind.POST, f"post:{name}", lane, {"file": name}, **options)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def outbox(tmp_path: Path, clock: Clock) -> AsyncIterator[Outbox]:
    outbox = await Outbox.open(tmp_path / "outbox.db", clock)
    yield outbox
    await outbox.close()


async def test_the_same_thing_is_written_down_once(outbox: Outbox) -> None:
    (first,) = await outbox.put([draft("a")])
    again, other = await outbox.put([draft("a"), draft("b")])
    assert again == first
    assert other.id != first.id
    await outbox.done(first.id, "$event")
    (known,) = await outbox.put([draft("a")])
    assert (known.state, known.result) == (State.DONE, "$event")
    assert await outbox.counts() == {State.WAITING: 1, State.DONE: 1, State.GIVEN_UP: 0}


async def test_one_of_each_lane_is_due_and_a_busy_lane_is_not(outbox: Outbox, clock: Clock) -> None:
    await outbox.put([draft("a", "1"), draft("b", "1"), draft("c", "2"), draft("d", "3")])
    assert [entry.payload["file"] for entry in await outbox.due((), 10)] == ["a", "c", "d"]
    assert [entry.payload["file"] for entry in await outbox.due({"1"}, 1)] == ["c"]
    (first, *_) = await outbox.due((), 1)
    await outbox.later(first.id, clock.now + 60, "down")
    assert [entry.payload["file"] for entry in await outbox.due({"2", "3"}, 10)] == ["b"]
    assert await outbox.next_due() == clock.now
    for name in "bcd":
        entry = await outbox.by_key(f"post:{name}")
        assert entry is not None
        await outbox.done(entry.id, None)
    assert await outbox.next_due() == clock.now + 60


async def test_how_far_it_came_is_kept(outbox: Outbox, clock: Clock) -> None:
    (entry,) = await outbox.put([draft("a")])
    await outbox.keep_progress(entry.id, {"content": {"url": "mxc://a/b"}})
    await outbox.sent(entry.id)
    clock.now += 10
    await outbox.sent(entry.id)  # the first time counts
    await outbox.later(entry.id, clock.now + 1, "no answer")
    found = await outbox.by_key("post:a")
    assert found is not None
    assert found.progress == {"content": {"url": "mxc://a/b"}}
    assert (found.sent, found.attempts, found.problem) == (clock.now - 10, 1, "no answer")


async def test_what_arrived_is_done_whatever_was_decided_meanwhile(outbox: Outbox) -> None:
    (entry,) = await outbox.put([draft("a")])
    assert await outbox.give_up(entry.id, "by hand")
    await outbox.later(entry.id, 0, "no answer")  # changes nothing
    await outbox.done(entry.id, "$event")
    found = await outbox.by_key("post:a")
    assert found is not None
    assert (found.state, found.problem) == (State.DONE, None)
    assert not await outbox.retry(entry.id)
    assert not await outbox.give_up(entry.id, "by hand")


async def test_only_what_has_not_left_can_be_withdrawn(outbox: Outbox) -> None:
    one, two = await outbox.put([draft("a"), draft("b")])
    await outbox.sent(two.id)
    withdrawn = await outbox.withdraw(one.key, "deleted")
    left = await outbox.withdraw(two.key, "deleted")
    assert withdrawn is not None
    assert withdrawn.state is State.GIVEN_UP
    assert left is not None
    assert left.state is State.WAITING
    assert await outbox.withdraw("unknown", "deleted") is None


async def test_what_is_given_up_can_be_tried_anew(outbox: Outbox, clock: Clock) -> None:
    (entry,) = await outbox.put([draft("a")])
    await outbox.give_up(entry.id, "refused")
    clock.now += 1e6
    assert await outbox.retry(entry.id)
    (due,) = await outbox.due((), 1)
    assert (due.attempts, due.since, due.began) == (0, clock.now, clock.now - 1e6)


async def test_more_than_the_bound_is_given_up_and_said(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    await outbox.put([draft("a"), draft("b")])
    (entry,) = await outbox.put([draft("c")])
    assert entry.state is State.GIVEN_UP
    assert "wait already" in (entry.problem or "")
    assert "voip outbox list" in caplog.text


async def test_nothing_is_forgotten_silently(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "outbox.db"
    outbox = await Outbox.open(path, clock)
    done, given_up, _ = await outbox.put([draft("a"), draft("b"), draft("c")])
    await outbox.done(done.id, None)
    await outbox.give_up(given_up.id, "refused")
    await outbox.close()
    clock.now += module.KEPT_DONE + 1
    outbox = await Outbox.open(path, clock)
    assert len(await outbox.entries(State)) == 2
    await outbox.close()
    clock.now += module.KEPT_GIVEN_UP
    with caplog.at_level(logging.WARNING):
        outbox = await Outbox.open(path, clock)
    assert [entry.key for entry in await outbox.entries(State)] == ["post:c"]
    assert "no longer listed" in caplog.text
    await outbox.close()


async def test_another_process_reads_and_changes_it_meanwhile(
    outbox: Outbox, tmp_path: Path, clock: Clock
) -> None:
    (entry,) = await outbox.put([draft("a")])
    guest = await Outbox.open(tmp_path / "outbox.db", clock, Use.GUEST)
    assert await guest.named(entry.id[:6]) == [entry]
    assert await guest.give_up(entry.id, "by hand")
    await outbox.put([draft("b")])
    assert len(await guest.entries(State)) == 2
    await guest.close()
    found = await outbox.by_key("post:a")
    assert found is not None
    assert found.problem == "by hand"


async def test_a_damaged_outbox_is_set_aside_by_its_owner_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreDamagedError, match="restart"):
        await Outbox.open(path, use=Use.GUEST)
    outbox = await Outbox.open(path)
    assert outbox.lost is not None
    assert outbox.lost.read_bytes().startswith(b"not a database")
    assert "set aside" in caplog.text
    await outbox.put([draft("a")])
    await outbox.close()
    outbox = await Outbox.open(path)
    assert outbox.lost is None
    await outbox.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", 1) as folder:
        yield folder


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(4096))


async def put_many(outbox: Outbox) -> None:
    for number in range(200):  # what the log still has room for may be written
        await outbox.put([draft(f"{number}-{'x' * 2000}")])


async def test_a_full_disk_loses_nothing_and_ends_when_there_is_space(small_disk: Path) -> None:
    outbox = await Outbox.open(small_disk / "outbox.db")
    (before,) = await outbox.put([draft("before")])
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        fill(filler)
    with pytest.raises(StoreFullError, match="free some"):
        await put_many(outbox)
    with pytest.raises(StoreFullError):
        await outbox.keep_progress(before.id, {"content": "x" * 100_000})
    assert (await outbox.by_key("post:before")) == before
    filler.unlink()
    await outbox.put([draft("after")])
    assert await outbox.by_key("post:after") is not None
    await outbox.close()
    outbox = await Outbox.open(small_disk / "outbox.db")
    assert outbox.lost is None
    assert await outbox.by_key("post:before") == before
    await outbox.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from voip.store.outbox import Outbox
from voip.store.outbox_records import Draft, Kind

async def main():
    outbox = await Outbox.open(Path(sys.argv[1]))
    number = 0
    while True:
        pair = [Draft(Kind.POST, f"{number}{name}", name, {}) for name in "ab"]
        one, _ = await outbox.put(pair)
        await outbox.sent(one.id)
        if number % 2:
            await outbox.done(one.id, "$x")
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


async def test_everything_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdout is not None
    async for line in child.stdout:
        if int(line) >= 30:
            break
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    outbox = await Outbox.open(path)
    found = {entry.key: entry for entry in await outbox.entries(State)}
    await outbox.close()
    for number in range(31):
        assert found[f"{number}a"].sent is not None
        assert (found[f"{number}a"].state is State.DONE) == bool(number % 2)
        assert found[f"{number}b"].state is State.WAITING
    firsts = {key[:-1] for key in found if key.endswith("a")}
    assert firsts == {key[:-1] for key in found if key.endswith("b")}  # all of a put, or none
