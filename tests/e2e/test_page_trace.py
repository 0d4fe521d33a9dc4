"""The trace that the page saves, read by `voip trace --file`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join
from voip.tracing.record import Trace, decoded

TRACE = [sys.executable, "-c", "from voip.service.cli import main; main()", "trace", "--file"]


async def saved(person: Person, testid: str, folder: Path) -> Path:
    """The file that a button gives."""
    async with person.page.expect_download() as download:
        await person.at(testid).first.click()
    path = folder / f"{testid}.json"
    await (await download.value).save_as(path)
    return path


async def ladder(path: Path) -> str:
    done = await asyncio.to_thread(
        subprocess.run, [*TRACE, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def kinds(trace: Trace) -> list[tuple[str, str]]:
    return [(step.kind.value, step.what) for step in trace.steps]


async def test_the_trace_of_a_call_is_a_ladder_for_the_service(
    account: Callable[[], Account], join: Join, tmp_path: Path
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b, encrypted=True)
    caller, callee = await asyncio.gather(join(a.user), join(b.user))
    for person in (caller, callee):
        await person.open_room(room_id)
    await caller.call()
    await callee.answer()
    await caller.wait_packets(100)
    await caller.at("open-stats").click()
    during = await ladder(await saved(caller, "save-live-trace", tmp_path))
    assert "had not ended when this was written" in during
    await caller.hang_up()
    for person, folder, direction in (
        (caller, tmp_path / "caller", "outbound"),
        (callee, tmp_path / "callee", "inbound"),
    ):
        folder.mkdir()
        await person.wait_call_over()
        await person.at("menu").click()
        await person.at("menu-traces").click()
        await expect(person.at("save-trace")).to_have_count(1)
        path = await saved(person, "save-trace", folder)
        check_record(path, direction, secrets=[a, b])
        told = await ladder(path)
        assert f"{direction.capitalize()} voice call" in told
        assert "It went well: connected after" in told
        assert "media, encrypted" in told
        assert "┤" in told


def check_record(path: Path, direction: str, secrets: list[Account]) -> None:
    text = path.read_text()
    trace = decoded(path.read_bytes())
    assert trace.direction == direction
    assert trace.encrypted is True
    assert [pair.chosen for pair in trace.pairs].count(True) == 1
    assert trace.media is not None
    assert trace.media.packets_received > 0
    seen = kinds(trace)
    sent, answered = ("invite", "answer") if direction == "outbound" else ("answer", "invite")
    assert ("sent", f"m.call.{sent}") in seen
    assert ("taken", f"m.call.{sent}") in seen
    assert ("received", f"m.call.{answered}") in seen
    assert ("media", "media connected") in seen
    assert ("notice", "ended") in seen
    for secret in secrets:
        assert secret.user.user_id not in text
        assert secret.user.localpart not in text
    assert "fingerprint" not in text
    assert "ice-pwd" not in text
    assert ".local" not in json.dumps(trace.pairs, default=repr)


@pytest.mark.long
async def test_a_call_that_was_declined(
    account: Callable[[], Account], join: Join, tmp_path: Path
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    caller, callee = await asyncio.gather(join(a.user), join(b.user))
    await caller.open_room(room_id)
    await caller.call(video=True)
    await callee.decline()
    await caller.wait_call_over()
    await caller.at("menu").click()
    await caller.at("menu-traces").click()
    told = await ladder(await saved(caller, "save-trace", tmp_path))
    assert "Outbound video call" in told
    assert "The other side declined" in told
