"""`voip recordings expire` and `decrypt`."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.service.recordings import CRASHED, GOOD, crashed_call, good_call
from tests.service.test_settings import _empty_environment, set_environment
from voip.delivery.storage.source import Source
from voip.service.cli import app
from voip.service.running import Exit
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind, State

__all__ = ["_empty_environment"]
KEY = bytes(range(32))


def voip(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recordings", *arguments])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    set_environment(monkeypatch, VOIP_RETENTION_DAYS="30")
    good_call(tmp_path / "voip-data")
    crashed_call(tmp_path / "voip-data")
    return tmp_path / "voip-data"


def test_what_is_too_old_goes_and_the_rest_is_written_down(data: Path) -> None:
    assert "would be deleted" in voip("expire", "--dry-run").stdout
    assert len(list((data / "recordings").iterdir())) == 2
    assert not (data / "outbox.db").exists()
    assert json.loads(voip("expire", "--json").stdout)[0]["id"] == GOOD
    (left,) = (data / "recordings").iterdir()
    assert left.name.endswith(CRASHED)
    entries = asyncio.run(entries_of(data))
    # In the room, the post and the words of it that may follow it.
    assert entries == {Kind.REDACTION: 2, Kind.ERASURE: 2}
    assert "old enough" in voip("expire").stdout


async def entries_of(data: Path) -> dict[Kind, int]:
    outbox = await Outbox.open(data / "outbox.db")
    kinds = [entry.kind for entry in await outbox.entries([State.WAITING])]
    await outbox.close()
    return {kind: kinds.count(kind) for kind in kinds}


def test_where_all_is_kept_for_ever_that_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VOIP_RETENTION_DAYS")
    result = voip("expire")
    assert result.exit_code == Exit.WRONG_INPUT
    assert "VOIP_RETENTION_DAYS" in result.stderr


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    plain = tmp_path / "plain.ogg"
    plain.write_bytes(b"sound" * 40_000)
    source = Source.of(plain, KEY, None)
    path = tmp_path / "audio.ogg.sealed"
    path.write_bytes(source.part(0))
    return path


def test_a_copy_is_opened_with_the_key_of_the_settings(
    sealed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VOIP_STORE_KEY", base64.b64encode(KEY).decode())
    assert json.loads(voip("decrypt", str(sealed), "--json").stdout)["bytes"] == 200_000
    opened = tmp_path / "audio.ogg"
    assert opened.read_bytes() == (tmp_path / "plain.ogg").read_bytes()
    assert opened.stat().st_mode & 0o777 == 0o600
    again = voip("decrypt", str(sealed))
    assert again.exit_code == Exit.FAILED
    assert "not written over" in again.stderr


def test_another_key_or_a_damaged_file_writes_nothing(sealed: Path, tmp_path: Path) -> None:
    key = tmp_path / "store.key"
    key.write_text(base64.b64encode(bytes(32)).decode())
    wrong = voip("decrypt", str(sealed), "--key-file", str(key))
    assert "not the key" in wrong.stderr
    key.write_text(base64.b64encode(KEY).decode())
    sealed.write_bytes(sealed.read_bytes()[:-5])
    cut = voip("decrypt", str(sealed), "--key-file", str(key))
    assert (wrong.exit_code, cut.exit_code) == (Exit.FAILED, Exit.FAILED)
    assert not list(tmp_path.glob("*audio.ogg")) + list(tmp_path.glob(".audio*"))
    no_key = voip("decrypt", str(sealed))
    assert no_key.exit_code == Exit.WRONG_INPUT
    assert "VOIP_STORE_KEY" in no_key.stderr
    key.write_text("hunter2")
    bad = voip("decrypt", str(sealed), "--key-file", str(key))
    assert "openssl rand" in bad.stderr
    assert "hunter2" not in bad.stderr
