"""A homeserver that is slow, or that answers nonsense, behind the page's back: a call is placed all
the same, and the call that goes on can be ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

CLIENT: Final = "**/_matrix/client/**"
SYNC: Final = "**/_matrix/client/*/sync*"
LATE = 1.5
"""Seconds by which each answer is late; a client asks for a dozen things, one after the other."""
NONSENSE: Final = {
    "a proxy's page": {"status": 502, "content_type": "text/html", "body": "<h1>Bad Gateway</h1>"},
    "no JSON": {"status": 200, "content_type": "application/json", "body": "<html>"},
    "an error of no kind": {"status": 500, "content_type": "application/json", "body": "{}"},
}


async def late(route: Route) -> None:
    await asyncio.sleep(LATE)
    await route.continue_()


async def test_a_slow_homeserver_takes_longer_and_nothing_else(
    browser: Browser, page_url: str, account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    bob = await join(b.user)
    ann = await Person.open(browser, page_url)
    await ann.page.route(CLIENT, late)
    await ann.try_sign_in(a.user.localpart, a.user.password)
    await expect(ann.at("connection")).to_have_attribute("data-state", "online", timeout=120_000)
    await ann.open_room(room_id)
    await ann.call()
    await bob.answer()
    await ann.wait_phase("connected")
    await ann.hang_up()
    await ann.wait_call_over()
    await bob.wait_call_over()
    await ann.page.unroute_all(behavior="ignoreErrors")
    ann.assert_clean()


async def nonsense(page: Page, what: str) -> None:
    async def answer(route: Route) -> None:
        await asyncio.sleep(0.2)  # as fast as a client may ask
        await route.fulfill(**NONSENSE[what])  # type: ignore[arg-type]  # its fields

    await page.route(SYNC, answer)


@pytest.mark.parametrize("what", NONSENSE)
async def test_nonsense_in_a_call_is_told_and_outlived(
    account: Callable[[], Account], join: Join, what: str
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    ann, bob = await asyncio.gather(join(a.user), join(b.user))
    await ann.open_room(room_id)
    await ann.call()
    await bob.answer()
    before = await ann.wait_packets(20)
    await nonsense(ann.page, what)
    await expect(ann.at("connection")).to_contain_text("cannot be reached", timeout=60_000)
    await ann.wait_packets(before.received + 50)
    await ann.hang_up()
    await ann.wait_call_over()
    await bob.wait_call_over()
    await ann.page.unroute_all(behavior="ignoreErrors")
    await expect(ann.at("connection")).to_have_attribute("data-state", "online", timeout=90_000)
    await bob.open_room(room_id)
    await bob.call()
    await ann.answer()
    await ann.wait_phase("connected")
    await ann.hang_up()
    # What a browser says of an answer that is an error.
    ann.complaints[:] = [one for one in ann.complaints if "Failed to load resource" not in one]


NO_PICTURE: Final = (
    "javascript:alert(1)",
    "data:image/svg+xml,<svg onload='alert(1)'/>",
    "mxc://a",
)


async def test_rooms_with_hostile_names_and_pictures_are_rooms(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    rooms = [a.room(invite=[b]) for _ in NO_PICTURE]
    for number, (room_id, url) in enumerate(zip(rooms, NO_PICTURE, strict=True)):
        b.request("POST", f"/join/{room_id}", {})
        state = f"/rooms/{room_id}/state"
        a.request("PUT", f"{state}/m.room.avatar", {"url": url})
        name = f"<img src=x onerror=alert({number})>" + "n" * 60_000
        a.request("PUT", f"{state}/m.room.name", {"name": name})
        a.request("PUT", f"{state}/m.room.topic", {"topic": f"<script>alert(1)</script>{name}"})
    bob = await join(b.user, size=(320, 640))
    await expect(bob.at("room")).to_have_count(len(rooms))
    await bob.assert_fits()
    for room_id in rooms:
        await bob.open_room(room_id)
        await expect(bob.at("room-name")).to_contain_text("<img src=x onerror=")
        assert len(await bob.at("room-name").inner_text()) <= 200
        await bob.assert_fits()
        await bob.page.get_by_role("button", name="Back to the list").click()
    bob.assert_clean()
