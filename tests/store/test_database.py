"""The file behind the journal: its thread, its transactions, and the ways in which it is bad."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import stat
import threading
from functools import partial
from pathlib import Path

import pytest

from voip.store.database import Database
from voip.store.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreInUseError,
    StoreTooNewError,
)

FIRST = ("CREATE TABLE note (text TEXT NOT NULL)",)
SECOND = ("ALTER TABLE note ADD COLUMN stars INTEGER NOT NULL DEFAULT 3",)


def add(text: str, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO note (text) VALUES (?)", (text,))


def texts(connection: sqlite3.Connection) -> list[str]:
    return [row["text"] for row in connection.execute("SELECT text FROM note ORDER BY rowid")]


async def notes(path: Path) -> list[str]:
    database = await Database.open(path, [FIRST])
    try:
        return await database.run(texts)
    finally:
        await database.close()


async def test_work_runs_in_one_thread_of_its_own(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    threads = {await database.run(lambda _: threading.get_ident()) for _ in range(5)}
    await database.close()
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


async def test_slow_work_does_not_hold_the_loop(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    go_on = threading.Event()
    slow = asyncio.create_task(database.run(lambda _: go_on.wait(10)))
    await asyncio.sleep(0)
    go_on.set()  # reached while the work waits: the loop is free
    assert await slow
    await database.close()


async def test_writes_keep_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    names = [str(number) for number in range(200)]
    await asyncio.gather(*(database.run(partial(add, name)) for name in names))
    assert await database.run(texts) == names
    await database.close()


async def test_a_cancelled_caller_does_not_undo_its_write(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    go_on = threading.Event()
    first = asyncio.create_task(database.run(lambda _: go_on.wait(10)))
    second = asyncio.create_task(database.run(lambda c: add("kept", c)))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    go_on.set()
    await first
    assert await database.run(texts) == ["kept"]
    await database.close()


async def test_work_that_raises_is_undone_whole(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])

    def half(connection: sqlite3.Connection) -> None:
        add("half", connection)
        raise KeyError("the other half")

    with pytest.raises(KeyError):
        await database.run(half)
    with pytest.raises(StoreError, match="NOT NULL"):
        await database.run(lambda c: c.execute("INSERT INTO note (text) VALUES (NULL)"))
    await database.run(lambda c: add("whole", c))
    assert await database.run(texts) == ["whole"]
    await database.close()


async def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.sqlite"
    database = await Database.open(path, [FIRST])
    await database.run(lambda c: add("x", c))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    await database.close()
    assert modes == {"a.sqlite": 0o600, "a.sqlite-wal": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_migrations_run_once_and_keep_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = await Database.open(path, [FIRST])
    await database.run(lambda c: add("old", c))
    await database.close()
    for _ in range(2):
        database = await Database.open(path, [FIRST, SECOND])
        rows = await database.run(lambda c: c.execute("SELECT text, stars FROM note").fetchall())
        assert [tuple(row) for row in rows] == [("old", 3)]
        await database.close()


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    await (await Database.open(path, [FIRST])).close()
    broken = (*SECOND, "ALTER TABLE missing ADD COLUMN x")
    with pytest.raises(StoreError, match="missing"):
        await Database.open(path, [FIRST, broken])
    database = await Database.open(path, [FIRST, SECOND])
    await database.close()


async def test_a_later_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    await (await Database.open(path, [FIRST, SECOND])).close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNewError, match="later version"):
        await Database.open(path, [FIRST])
    assert path.read_bytes() == before


async def test_a_second_opener_is_told_to_go_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voip.store.database.LOCK_WAIT", 0.05)
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    with pytest.raises(StoreInUseError, match="data folder of its own"):
        await Database.open(tmp_path / "a.sqlite", [FIRST])
    await database.close()
    assert await notes(tmp_path / "a.sqlite") == []


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        await Database.open(tmp_path / "file" / "a.sqlite", [FIRST])


@pytest.mark.parametrize("how", ["not a database", "cut short", "page overwritten"])
async def test_a_damaged_file_is_set_aside(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.sqlite"
    await make_damaged(path, how)
    damaged = contents(tmp_path)["a.sqlite"]
    with caplog.at_level(logging.WARNING):
        assert await notes(path) == []
    aside = [data for name, data in contents(tmp_path).items() if ".damaged-" in name]
    assert aside == [damaged]
    assert "set aside" in caplog.text


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def make_damaged(path: Path, how: str) -> None:
    database = await Database.open(path, [FIRST])
    await database.run(lambda c: add_many(200, c))
    await database.close()
    damage(path, how)


def add_many(count: int, connection: sqlite3.Connection) -> None:
    for number in range(count):
        add(f"{number} " * 40, connection)


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "not a database":
        content[:4096] = b"\xa5" * 4096
    elif how == "cut short":
        del content[5000:]
    else:
        content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


async def test_damage_found_while_open_says_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_damaged(tmp_path / "a.sqlite", "page overwritten")
    monkeypatch.setattr("voip.store.database._check", lambda _: None)
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    with pytest.raises(StoreDamagedError, match="restart"):
        await database.run(texts)
    await database.close()


async def test_a_full_disk_is_told_and_then_forgotten(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    pages = await database.run(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await database.run(lambda c: c.execute(f"PRAGMA max_page_count={pages}").fetchone())
    with pytest.raises(StoreFullError, match="no space left"):
        await database.run(lambda c: add("x" * 100_000, c))
    await database.run(lambda c: c.execute("PRAGMA max_page_count=1000000").fetchone())
    await database.run(lambda c: add("after", c))
    assert await database.run(texts) == ["after"]
    await database.close()


async def test_half_a_surrogate_pair_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    with pytest.raises(StoreError, match="not Unicode"):
        await database.run(lambda c: add("\ud800", c))
    await database.run(lambda c: add("fine", c))
    assert await database.run(texts) == ["fine"]
    await database.close()


async def test_durable_work_waits_for_the_disk(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])

    def level(connection: sqlite3.Connection) -> int:
        found: int = connection.execute("PRAGMA synchronous").fetchone()[0]
        return found

    assert await database.run(level) == 1  # NORMAL
    assert await database.run(level, durable=True) == 2  # FULL
    assert await database.run(level) == 1
    await database.close()


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    await database.close()
    await database.close()
    with pytest.raises(StoreError, match="is closed"):
        await database.run(texts)


async def test_what_was_asked_for_before_the_close_is_done(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.sqlite", [FIRST])
    writes = [asyncio.create_task(database.run(partial(add, str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    assert await notes(tmp_path / "a.sqlite") == [str(n) for n in range(50)]
