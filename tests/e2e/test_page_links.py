"""Links that open a call or a room, under a path as at the root, and whom the page talks to."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import Browser, expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join, Serve
from voip.bot.runner import BotKind
from voip.service.demo.synapse import SynapseProcess


async def test_a_link_survives_signing_in_and_calls_under_a_path_asking_nobody_else(
    browser: Browser, serve: Serve, exchange: Exchange, synapse: SynapseProcess, make_user: MakeUser
) -> None:
    bot = await exchange.bot(BotKind.ECHO)
    url = await serve(synapse.url, path="some/where/")
    user = make_user()
    person = await Person.open(browser, f"{url}#/call/{bot.phone.user_id}")
    asked: list[str] = []
    person.page.context.on("request", lambda request: asked.append(request.url))
    await person.page.reload()
    await person.sign_in(user.localpart, user.password)
    await expect(person.at("link")).to_contain_text(bot.phone.user_id)
    await person.at("link-voice").click()
    await person.wait_phase("connected")
    await person.hang_up()
    await person.wait_call_over()
    await expect(person.at("link")).to_have_count(0)
    assert "/some/where/#/room/" in person.page.url
    assert {_origin(each) for each in asked} - {"null"} == {_origin(url), _origin(synapse.url)}
    person.assert_clean()


async def test_a_link_to_nobody_says_so(
    browser: Browser, page_url: str, make_user: MakeUser
) -> None:
    user = make_user()
    nobody = user.user_id.replace("@", "@not-")
    person = await Person.open(browser, f"{page_url}#/call/{quote(nobody)}?video=1")
    await person.sign_in(user.localpart, user.password)
    await person.at("link-video").click()
    await expect(person.at("link-problem")).to_contain_text(f"Nobody is called {nobody}")
    await person.page.reload()
    await person.wait_online()
    await expect(person.at("link")).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(person.at("link")).to_have_count(0)
    await person.page.reload()
    await person.wait_online()
    await expect(person.at("link")).to_have_count(0)


async def test_a_link_to_a_room_opens_it(account: Callable[[], Account], join: Join) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    person = await join(a.user)
    await person.page.goto(f"{person.page.url.split('#')[0]}#/room/{room_id}")
    await expect(person.at("room-name")).to_have_text(b.user.localpart)
    await person.page.reload()
    await expect(person.at("room-name")).to_have_text(b.user.localpart)


@pytest.mark.long
async def test_a_link_with_strange_signs_breaks_nothing(join: Join, make_user: MakeUser) -> None:
    person = await join(make_user())
    base = person.page.url.split("#")[0]
    for part in ("call/%E0%A4%A", "call/<b>", "room/%E0%A4%A", "call/javascript:alert(1)"):
        await person.page.goto(f"{base}#/{part}")
        await person.page.reload()
        await person.wait_online()
        if part.startswith("call"):
            await person.at("link-voice").click()
            await expect(person.at("link-problem")).to_contain_text("@name:example.org")


def _origin(url: str) -> str:
    """`null` for what a page makes by itself: blob: and data:."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "null"
