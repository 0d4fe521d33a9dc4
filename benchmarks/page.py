"""The page: how much script it loads, how Lighthouse sees it, how soon a call is connected.

From the click on "call" to "connected" with our echo bot, beside two matrix-js-sdk clients that
call each other on the same homeserver, in the same browser: one places, the other answers as soon
as it rings. Each pair has an encrypted room of its own, and has called before.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from playwright.async_api import expect

from benchmarks import _lighthouse
from benchmarks._page_sizes import measure
from benchmarks.harness import Row, alternate, progress
from tests.bot.conftest import Exchange
from tests.conftest import User
from tests.e2e.accounts import Account
from tests.e2e.browser import PATIENCE, Person, chromium
from tests.e2e.harness_page import harness_folder
from tests.e2e.jssdk import JsClient
from tools.build_page import build, is_fresh
from voip.bot.runner import BotKind
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions
from voip.service.web import create_app, page_folder

ROUNDS = 7
SETTLES = 1.5
"""Seconds before each call, of either pair: people do not call while the homeserver still carries
the end of their last one, and what a bot has to say of it."""
FIRST_PAINT_KB, EVERYTHING_KB = 60.0, 350.0
SHORT_OF_100 = 5.0
"""Lighthouse's scores are out of 100, and here less is better."""

# The time between the click and what the page then says, without a test's own steps between them.
CLICK_TO_CONNECTED = """() => new Promise((resolve) => {
  const began = performance.now();
  const watch = new MutationObserver(() => {
    if (!document.querySelector('[data-testid="call"][data-phase="connected"]')) return;
    watch.disconnect();
    resolve(performance.now() - began);
  });
  watch.observe(document.body, { subtree: true, childList: true, attributes: true });
  document.querySelector('[data-testid="call-voice"]').click();
})"""


def run() -> list[Row]:
    if not is_fresh():
        build()
    sizes = measure(page_folder())
    return [
        Row.within("first paint", sizes.first_paint, unit="KB of script", goal=FIRST_PAINT_KB),
        Row.within(
            "without cryptography", sizes.everything, unit="KB of script", goal=EVERYTHING_KB
        ),
        *_scores(),
        _connecting(),
    ]


def _scores() -> list[Row]:
    with asyncio.Runner() as runner:
        progress("Lighthouse …")
        scores = runner.run(_looked_at())
    return [
        Row.within(
            f"Lighthouse {name}, short of 100", 100 - score, unit="points", goal=SHORT_OF_100
        )
        for name, score in scores.items()
    ]


async def _looked_at() -> dict[str, float]:
    async with AsyncExitStack() as stack:
        url = await _served(stack, page_folder(), "https://matrix.example.org")
        return await asyncio.to_thread(_lighthouse.scores, url)


def _connecting() -> Row:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            pairs = runner.run(_pairs(stack))
            medians = alternate(
                "page: from the click to connected",
                lambda: runner.run(pairs.ours()),
                lambda: runner.run(pairs.peer()),
                rounds=ROUNDS,
            )
        finally:
            runner.run(stack.aclose())
    return Row.against(
        "from the click to connected",
        medians.ours,
        medians.peer,
        peer_name="two matrix-js-sdk clients",
        unit="ms",
        goal=0.7,
    )


@dataclass(frozen=True, slots=True)
class Pairs:
    """Who calls whom."""

    person: Person
    caller: JsClient
    callee: JsClient
    room_id: str

    async def ours(self) -> float:
        await asyncio.sleep(SETTLES)
        async with asyncio.timeout(PATIENCE):
            took = float(await self.person.page.evaluate(CLICK_TO_CONNECTED))
        await self.person.hang_up()
        await self.person.wait_call_over()
        return took

    async def peer(self) -> float:
        await asyncio.sleep(SETTLES)
        return float(await self.caller.do("connectsIn", self.room_id, self.callee.user_id))


async def _pairs(stack: AsyncExitStack) -> Pairs:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    synapse = await stack.enter_async_context(_homeserver(folder / "synapse"))
    numbers = itertools.count()

    def user() -> User:
        name = f"user{next(numbers)}"
        synapse.register(name, "password of a benchmark")
        return User(name, "password of a benchmark", f"@{name}:{synapse.server_name}")

    bot = await Exchange(synapse, user, folder, stack).bot(BotKind.ECHO)
    browser = await stack.enter_async_context(chromium())
    url = await _served(stack, page_folder(), synapse.url)
    mine, a, b = user(), user(), user()
    room_id = Account.of(synapse, a).direct_room(Account.of(synapse, b), encrypted=True)
    bare = await _served(stack, harness_folder(), synapse.url)
    caller, callee = [await JsClient.sign_in(browser, bare, synapse.url, each) for each in (a, b)]
    await caller.ready(room_id, b.user_id)
    await callee.ready(room_id, a.user_id)
    await callee.do("answerEach")
    person = await Person.open(browser, url)
    await person.sign_in(mine.localpart, mine.password)
    await person.start_chat(bot.phone.user_id)
    await expect(person.at("call-voice")).to_be_enabled()
    pairs = Pairs(person, caller, callee, room_id)
    # The first call of a pair shares keys, and what a browser compiles is compiled.
    await pairs.ours()
    await pairs.peer()
    return pairs


@asynccontextmanager
async def _homeserver(folder: Path) -> AsyncIterator[SynapseProcess]:
    await asyncio.to_thread(folder.mkdir)
    synapse = SynapseProcess(SynapseOptions(folder, free_port(), extra_config=LIMITS_LIFTED))
    await asyncio.to_thread(synapse.start)
    try:
        yield synapse
    finally:
        await asyncio.to_thread(synapse.stop)


async def _served(stack: AsyncExitStack, folder: Path, homeserver: str) -> str:
    runner = web.AppRunner(create_app(folder, homeserver=homeserver))
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/"
