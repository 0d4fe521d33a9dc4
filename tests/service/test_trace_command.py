"""`voip trace`: which trace is found, and how it is shown."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.service.traces import FAILED, GOOD
from voip.service.cli import app
from voip.service.running import Exit
from voip.store.traces import TraceFile, TraceStore
from voip.tracing.record import Trace, encoded


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder with the traces of two calls, and none of the settings that a login needs."""
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    async def write(*traces: Trace) -> None:
        store = TraceStore(tmp_path / "voip-data" / "traces", days=36_500)
        for trace in traces:
            began = datetime.fromisoformat(trace.began).astimezone(UTC)
            store.put(TraceFile(trace.id, began, rang=True), partial(encoded, trace))
        await store.aclose()

    asyncio.run(write(GOOD, FAILED))
    return tmp_path / "voip-data"


def voip(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["trace", *arguments])


def test_the_latest_is_shown(folder: Path) -> None:
    result = voip()
    assert result.exit_code == Exit.DONE
    assert FAILED.id in result.stdout
    assert "│◀─────────────────── invite ──" in result.stdout
    assert "The relay refused the allocation: 401." in result.stdout
    assert result.stdout.index("verdict") > result.stdout.index("invite")


@pytest.mark.parametrize("wanted", [GOOD.id, GOOD.id[:4]])
def test_one_is_found_by_its_id_or_the_beginning_of_it(folder: Path, wanted: str) -> None:
    result = voip(wanted, "--data-dir", str(folder))
    assert result.exit_code == Exit.DONE
    assert "It went well" in result.stdout
    assert "═ media, encrypted ═" in result.stdout


def test_a_file_is_shown_wherever_it_is(folder: Path, tmp_path: Path) -> None:
    sent = tmp_path / "attached.json"
    sent.write_bytes(encoded(GOOD))
    assert "It went well" in voip(str(sent)).stdout


def test_programs_get_the_record_and_the_verdict(folder: Path) -> None:
    (line,) = voip("--json").stdout.splitlines()
    told = json.loads(line)
    assert told["trace"]["id"] == FAILED.id
    assert told["verdict"][0].startswith("No network path")


def test_the_list_has_all(folder: Path) -> None:
    lines = voip("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == [FAILED.id, GOOD.id]
    assert "It went well" in lines[2]
    (line,) = voip("--list", "--json").stdout.splitlines()
    assert [each["end"] for each in json.loads(line)] == ["no_path", "hangup"]


def test_a_damaged_one_does_not_spoil_the_list(folder: Path) -> None:
    newest = max((folder / "traces").iterdir())
    newest.write_bytes(b"{")
    assert GOOD.id in voip("--list").stdout
    result = voip()
    assert result.exit_code == Exit.FAILED
    assert "no call trace that this version can read" in result.stderr


def test_the_page_is_written(folder: Path, tmp_path: Path) -> None:
    result = voip("--html", "call.html")
    assert result.exit_code == Exit.DONE
    assert "written to call.html" in result.stdout
    assert "The relay refused" in (tmp_path / "call.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ffff"], "there is no trace of ffff"),
        ([""], "2 calls begin with"),
        (["missing.json"], "missing.json: No such file"),
        (["--data-dir", "elsewhere"], "there are no traces in elsewhere/traces"),
        (["--html", "no/such/folder.html"], "no/such/folder.html: No such file"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, arguments: list[str], told: str) -> None:
    result = voip(*arguments)
    assert result.exit_code == Exit.FAILED
    assert told in result.stderr
    assert result.stdout == ""


def test_the_data_folder_comes_from_the_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.with_name("from-file"))
    Path("voip.toml").write_text('data_dir = "from-file"\n')
    assert FAILED.id in voip().stdout
    monkeypatch.setenv("VOIP_DATA_DIR", "from-environment")
    assert "from-environment" in voip().stderr


def test_a_file_from_elsewhere_needs_no_settings(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "from-elsewhere"
    path.write_bytes(encoded(GOOD))
    missing = ["--config", str(tmp_path / "missing.toml")]
    assert voip(*missing).exit_code == Exit.WRONG_INPUT
    result = voip("--file", str(path), *missing)
    assert result.exit_code == Exit.DONE
    assert GOOD.id in result.stdout
    assert voip("--file", str(path), GOOD.id).exit_code == Exit.WRONG_INPUT


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 100_000, b" " * 3_000_000])
def test_a_file_that_is_no_trace(folder: Path, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "no-trace.json"
    path.write_bytes(data)
    result = voip("--file", str(path))
    assert result.exit_code == Exit.FAILED
    assert "trace" in result.stderr
    assert "Traceback" not in result.output
