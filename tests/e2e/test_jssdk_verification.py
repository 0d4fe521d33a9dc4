"""A person verifies the bot with emoji: `voip verify` on one side, matrix-js-sdk on the other."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.bot.conftest import eventually
from tests.conftest import MakeUser, User
from tests.e2e.conftest import Serve
from tests.e2e.jssdk import JsClient
from tests.service.test_cli_live import PATIENCE, VOIP, environment
from voip.service.demo.synapse import SynapseProcess

pytestmark = pytest.mark.long


@pytest.fixture
def ann(make_user: MakeUser) -> User:
    return make_user()


@pytest.fixture
def bot(make_user: MakeUser) -> User:
    return make_user()


@pytest.fixture
async def client(
    browser: Browser, serve: Serve, harness: Path, synapse: SynapseProcess, ann: User
) -> JsClient:
    """matrix-js-sdk, whose account can sign whom it has verified."""
    url = await serve(synapse.url, harness)
    client = await JsClient.sign_in(browser, url, synapse.url, ann)
    await client.do("bootstrap", ann.localpart, ann.password)
    return client


@pytest.fixture
def settings(synapse: SynapseProcess, bot: User, tmp_path: Path) -> dict[str, str]:
    return environment(synapse, bot, tmp_path)


@asynccontextmanager
async def verifying(settings: dict[str, str], *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *VOIP,
        "verify",
        "--json",
        *arguments,
        env=settings,
        stdin=PIPE,
        stdout=PIPE,
        stderr=sys.stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    found: dict[str, Any] = json.loads(line)
    return found


async def answer(process: Process, word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n".encode())
    await process.stdin.drain()


@pytest.mark.parametrize("where", ["at a device", "in a room"])
async def test_both_see_the_same_emoji_and_the_bot_is_verified(
    where: str, client: JsClient, ann: User, bot: User, settings: dict[str, str]
) -> None:
    async with verifying(settings, ann.user_id) as process:
        ready = await said(process)
        assert ready["ready"] == bot.user_id
        assert not await client.do("hasVerified", bot.user_id)
        theirs = await client.do("begin", bot.user_id, ready["device"], where == "in a room")
        ours = [name for _, name in (await said(process))["emoji"]]
        assert len(ours) == 7
        assert ours == theirs
        finishing = asyncio.create_task(client.do("finish", True))
        await answer(process, "yes")
        assert await finishing == "done"
        assert await said(process) == {"ok": True, "user": ann.user_id, "reason": ""}
        assert await process.wait() == 0
    # Its identity is signed by the person, which their client learns from its next sync.
    await eventually(lambda: client.do("hasVerified", bot.user_id))


@pytest.mark.parametrize("who", ["we", "they"])
async def test_who_says_no_ends_it_for_both(
    who: str, client: JsClient, ann: User, bot: User, settings: dict[str, str]
) -> None:
    async with verifying(settings, ann.user_id) as process:
        ready = await said(process)
        await client.do("begin", bot.user_id, ready["device"], False)
        await said(process)
        if who == "we":
            await answer(process, "no")
            assert await client.do("finish", True) != "done"
        else:
            assert await client.do("finish", False) != "done"
        assert (await said(process))["ok"] is False
        assert await process.wait() == 1
    assert not await client.do("hasVerified", bot.user_id)
