"""`voip outbox`, on a data folder whose bot has the outbox open."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from voip.service.cli import app
from voip.service.running import Exit
from voip.store.outbox import Outbox, id_of
from voip.store.outbox_records import Draft, Kind, State

POST, HOOK = "post:20260101T000000Z-a/audio.ogg", "webhook:call.ended:a"
EVENT = {"event": "call.ended", "call": {"peer": "@ann:example.org"}}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """One of each state; the bot's own outbox stays open meanwhile."""
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "voip-data").mkdir()
    with asyncio.Runner() as runner:
        outbox = runner.run(fill(tmp_path / "voip-data" / "outbox.db"))
        yield tmp_path / "voip-data"
        runner.run(outbox.close())


async def fill(path: Path) -> Outbox:
    outbox = await Outbox.open(path)
    post, hook, done = await outbox.put(
        [
            Draft(Kind.POST, POST, "room:!r:x", {"folder": "20260101T000000Z-a", "file": "x.ogg"}),
            Draft(Kind.WEBHOOK, HOOK, "webhook", {"body": EVENT}),
            Draft(Kind.NOTICE, "notice:a", "room:!r:x", {"body": "what was said"}),
        ]
    )
    await outbox.sent(post.id)
    await outbox.later(post.id, 4_000_000_000.0, "No answer from the homeserver")
    await outbox.give_up(hook.id, "the receiver of webhooks answered 404")
    await outbox.done(done.id, "$event")
    return outbox


def voip(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["outbox", *arguments])


def told(*arguments: str) -> Any:
    (line,) = voip(*arguments, "--json").stdout.splitlines()
    return json.loads(line)


def test_the_list_has_what_waits_and_what_was_given_up(folder: Path) -> None:
    result = voip("list")
    assert result.exit_code == Exit.DONE
    assert "No answer from the homeserver" in result.stdout
    assert "answered 404" in result.stdout
    assert "1 waiting, 1 given up, 1 delivered" in result.stdout
    assert "voip outbox retry" in result.stdout
    assert len(told("list")) == 2
    assert {one["state"] for one in told("list", "--all")} == set(State)


def test_one_is_shown_without_what_people_said(folder: Path) -> None:
    shown = voip("show", id_of(POST)[:8]).stdout
    for text in ("room:!r:x", "x.ogg", "1 failed", "whether it arrived is not known", "2096-"):
        assert text in shown
    assert "call.ended" in voip("show", id_of(HOOK)).stdout
    for output in (voip("show", id_of("notice:a")).stdout, voip("list", "--all", "--json").stdout):
        assert "what was said" not in output
        assert "@ann" not in output


def test_what_was_given_up_is_tried_anew(folder: Path) -> None:
    assert told("retry", "all") == [{"id": id_of(HOOK), "changed": True}]
    assert told("show", id_of(HOOK))["state"] == "waiting"
    assert told("retry", "all") == []


def test_what_waits_is_given_up_by_hand(folder: Path) -> None:
    assert voip("give-up", id_of(POST)[:10]).exit_code == Exit.DONE
    shown = told("show", id_of(POST))
    assert (shown["state"], shown["problem"]) == ("given_up", "given up by hand")


def test_what_is_delivered_stays_so(folder: Path) -> None:
    for command in ("retry", "give-up"):
        result = voip(command, id_of("notice:a"))
        assert result.exit_code == Exit.FAILED
        assert "left as it is: it is delivered" in result.stdout


def test_an_id_that_is_none_or_not_clear_is_told(folder: Path) -> None:
    assert "no delivery zzz" in voip("show", "zzz").stderr
    assert "more than one" in voip("show", "").stderr


def test_a_folder_without_an_outbox_is_told(tmp_path: Path) -> None:
    result = voip("list", "--data-dir", str(tmp_path))
    assert result.exit_code == Exit.FAILED
    assert "--data-dir" in result.stderr
    assert not (tmp_path / "outbox.db").exists()


def test_a_damaged_outbox_is_left_to_its_bot(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database" * 500)
    result = voip("list", "--data-dir", str(tmp_path))
    assert result.exit_code == Exit.FAILED
    assert "restart" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["outbox.db"]
