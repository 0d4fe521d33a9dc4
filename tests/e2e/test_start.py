"""docs/start.md as a newcomer does it: its commands, in a clean clone, and a call from the page.

Everything is installed anew, from wherever pip and npm get packages. That takes minutes.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.blocks import ROOT, blocks
from tests.e2e.browser import Person, chromium
from voip.service.demo.processes import free_port

INSTALLS_WITHIN = 1500.0
STARTS_WITHIN = 120.0
ENDS_WITHIN = 60.0
DOCUMENT = [ROOT / "docs" / "start.md"]


@asynccontextmanager
async def terminal(script: str, folder: Path, **environment: str) -> AsyncIterator[list[str]]:
    """Runs a block, until Ctrl-C at the end; gives what it has said so far."""
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-ec",
        script,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    said: list[str] = []
    reading = asyncio.create_task(_read(process, said))
    try:
        yield said
    finally:
        if process.returncode is None:  # the whole group, as a terminal does
            os.killpg(process.pid, signal.SIGINT)
        try:
            await asyncio.wait_for(reading, ENDS_WITHIN)
        finally:
            with suppress(ProcessLookupError):  # it has ended, and asyncio was not told yet
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _read(process: asyncio.subprocess.Process, said: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        said.append(line.decode())  # noqa: PERF401 - they are wanted while they come
    said.append("(it has ended)\n")


async def says(said: list[str], pattern: str, within: float) -> re.Match[str]:
    """What a terminal shows, once it does."""
    async with asyncio.timeout(within):
        while (found := re.search(pattern, "".join(said))) is None:
            assert "(it has ended)\n" not in said, "".join(said[-40:])
            await asyncio.sleep(0.2)
    return found


@pytest.mark.long
@pytest.mark.timeout(2400)
async def test_a_newcomers_own_flow_answers_the_pages_call(tmp_path: Path) -> None:
    clone = tmp_path / "matrix-voip"
    copying = await asyncio.create_subprocess_exec(
        "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)
    )
    assert await copying.wait() == 0
    start, own = (block.text for block in blocks("bash", documents=DOCUMENT))
    (flow,) = (block.text for block in blocks("python", documents=DOCUMENT))
    ports = f"--port {free_port('127.0.0.1')}"  # the usual one may be somebody else's
    async with terminal(start, clone, ARGS=ports) as demo:
        line = await says(demo, r"Alice +(http\S+) +user alice +password (\S+)", INSTALLS_WITHIN)
        (clone / "demo-data" / "mybot" / "my_bot.py").write_text(flow)
        async with terminal(own, clone) as bot, chromium() as browser:
            ready = await says(bot, r"ready: (\S+)", STARTS_WITHIN)
            alice = await Person.open(browser, line[1])
            await alice.sign_in("alice", line[2])
            await leaves_a_message(alice, ready[1])


async def leaves_a_message(alice: Person, bot: str) -> None:
    await alice.open_person(bot)
    await alice.call()
    await alice.wait_phase("connected")
    await alice.wait_packets(50)  # it greets
    await alice.at("keypad").click()
    await alice.page.keyboard.press("1")
    await expect(alice.at("keys-pressed")).to_have_text("1")
    await alice.page.keyboard.press("Escape")
    await alice.wait_packets(150)  # it says that it records
    await asyncio.sleep(5)  # the browser's own microphone beeps meanwhile
    await alice.hang_up()
    await alice.wait_recording(bot)
    assert await alice.play_recording(bot) > 0
