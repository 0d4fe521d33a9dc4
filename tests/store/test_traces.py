"""Trace files: private, bounded in number and age, written in order, never in the way."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from voip.store import traces as module
from voip.store.traces import TraceFile, TraceStore, list_traces

NOW = datetime.now(UTC).replace(microsecond=123_000)


def file(number: int, *, rang: bool = True, days: float = 0) -> TraceFile:
    return TraceFile(f"call{number}", NOW - timedelta(days=days) + timedelta(0, number), rang)


async def written(folder: Path, *files: TraceFile, keep: int = 1000, days: float = 30) -> list[str]:
    """The ids that are kept, the newest first."""
    store = TraceStore(folder, keep=keep, days=days)
    for one in files:
        store.put(one, one.id.encode)
    await store.aclose()
    return [one.id for one in list_traces(folder)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_trace_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    await written(folder, file(1))
    (path,) = folder.iterdir()
    assert path.read_bytes() == b"call1"
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_the_same_trace_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.put(file(1), lambda: b"first")
    store.put(file(1), lambda: b"second")
    await store.aclose()
    assert contents(tmp_path) == {file(1).name: b"second"}


async def test_the_newest_are_kept(tmp_path: Path) -> None:
    assert await written(tmp_path, *map(file, range(6)), keep=3) == ["call5", "call4", "call3"]


async def test_the_old_go(tmp_path: Path) -> None:
    assert await written(tmp_path, file(1, days=31), file(2, days=29)) == ["call2"]


async def test_calls_that_never_rang_do_not_push_out_the_others(tmp_path: Path) -> None:
    flood = [file(number, rang=False) for number in range(10, 30)]
    assert await written(tmp_path, file(1), *flood, keep=8) == ["call29", "call28", "call1"]


async def test_other_files_are_left_alone(tmp_path: Path) -> None:
    others = ["notes.txt", "20260101T000000Z-x.json", "99999999T999999999Z-x.json"]
    for name in others:
        (tmp_path / name).write_text("mine")
    assert await written(tmp_path, file(1), file(2), keep=1) == ["call2"]
    assert set(contents(tmp_path)) == {*others, file(2).name}


def test_a_name_tells_the_trace() -> None:
    for one in (file(1), file(2, rang=False)):
        assert TraceFile.named(one.name) == one


def test_no_folder_is_no_traces(tmp_path: Path) -> None:
    assert list_traces(tmp_path / "none") == []


async def test_a_folder_that_cannot_be_written_is_told_and_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "traces").write_text("a file")
    with caplog.at_level(logging.ERROR):
        store = TraceStore(tmp_path / "traces")
        store.put(file(1), lambda: b"x")
        await store.aclose()
    assert "trace could not be written" in caplog.text


async def test_a_trace_that_cannot_be_made_does_not_stop_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> bytes:
        raise ValueError("on purpose")

    store = TraceStore(tmp_path)
    store.put(file(1), fail)
    store.put(file(2), lambda: b"x")
    await store.aclose()
    assert [one.id for one in list_traces(tmp_path)] == ["call2"]
    assert "could not be made" in caplog.text


async def test_a_slow_disk_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    go = threading.Event()

    def slow() -> bytes:
        go.wait(10)
        return b"x"

    store = TraceStore(tmp_path)
    for number in range(5):
        store.put(file(number), slow)
    assert store.dropped == 3
    go.set()
    await store.aclose()
    assert len(list_traces(tmp_path)) == 2
