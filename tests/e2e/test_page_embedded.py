"""The page in a frame of another site, which places the call and hears how it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import PATIENCE, Person
from tests.e2e.conftest import Serve
from voip.bot.runner import BotKind
from voip.service.demo.synapse import SynapseProcess

Site = Callable[[str], Awaitable[None]]

AROUND = """<!doctype html><title>A site</title>
<iframe src="{page}" allow="microphone; camera; autoplay" width="800" height="600"></iframe>
<script>
  const told = [];
  addEventListener("message", (event) => told.push({{ ...event.data, origin: event.origin }}));
</script>"""


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, Callable[[str], None]]]:
    """The origin of another site, and a function that says which page it frames."""
    framed: list[str] = []

    async def index(_: web.Request) -> web.Response:
        return web.Response(text=AROUND.format(page=framed[-1]), content_type="text/html")

    app = web.Application()
    app.router.add_get("/", index)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", framed.append
    await runner.cleanup()


async def told(page: Page, what: str) -> None:
    """Wait until the page in the frame told what this script says of `each`."""
    await page.wait_for_function(f"told.some((each) => {what})", timeout=PATIENCE * 1000)


async def say(page: Page, message: dict[str, object]) -> None:
    await page.evaluate(
        "message => document.querySelector('iframe').contentWindow.postMessage(message, '*')",
        message,
    )


async def test_a_named_site_places_a_call_in_its_frame_and_ends_it(
    *,
    browser: Browser,
    serve: Serve,
    site: tuple[str, Callable[[str], None]],
    exchange: Exchange,
    synapse: SynapseProcess,
    make_user: MakeUser,
) -> None:
    origin, frame = site
    bot = await exchange.bot(BotKind.ECHO)
    url = await serve(synapse.url, embed_origins=(origin,))
    frame(url)
    person = await Person.open(browser, origin)
    page, user = person.page, make_user()
    inside = page.frame_locator("iframe")
    await inside.get_by_test_id("user").fill(user.localpart)
    await inside.get_by_test_id("password").fill(user.password)
    await inside.get_by_test_id("signin").click()
    await told(page, f"each.online && each.user === '{user.user_id}'")
    await say(page, {"voip": "place", "user": bot.phone.user_id})
    await told(page, "each.call?.phase === 'connected'")
    await say(page, {"voip": "place", "user": bot.phone.user_id})
    await told(page, "each.voip === 'refused'")
    await say(page, {"voip": "hangUp"})
    await told(page, "each.call === null && /^Call ended/.test(each.notice)")
    assert await page.evaluate("new Set(told.map((each) => each.origin)).size") == 1


async def test_another_site_may_not_frame_the_page(
    browser: Browser,
    serve: Serve,
    site: tuple[str, Callable[[str], None]],
    synapse: SynapseProcess,
) -> None:
    origin, frame = site
    frame(await serve(synapse.url, embed_origins=("https://www.example.org",)))
    person = await Person.open(browser, origin)
    await expect(person.page.frame_locator("iframe").get_by_test_id("signin")).to_have_count(0)
    assert "frame-ancestors" in person.complaints[0]
    assert await person.page.evaluate("told") == []
