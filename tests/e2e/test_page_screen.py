"""Sharing the screen: shown large at the other side, and gone again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.browser import FAKE_DEVICES, GRANT, Person, chromium


@pytest.mark.long
async def test_a_screen_is_seen_large_until_it_is_no_longer_shared(
    page_url: str, account: Callable[[], Account]
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    async with chromium(devices=(FAKE_DEVICES, GRANT)) as browser:
        ann, bob = await Person.open(browser, page_url), await Person.open(browser, page_url)
        for person, each in ((ann, a), (bob, b)):
            await person.sign_in(each.user.localpart, each.user.password)
            await person.open_room(room_id)
        await ann.call()
        await bob.answer()
        await ann.wait_phase("connected")
        await ann.at("share-screen").click()
        screen = bob.at("remote-screen")
        await expect(screen).to_have_js_property("paused", False)
        await expect(screen).not_to_have_js_property("videoWidth", 0)
        await expect(ann.at("share-screen")).to_have_attribute("data-on", "true")
        # The camera of who shares is shown beside it.
        await ann.at("camera").click()
        await expect(bob.at("call")).to_have_attribute("data-peer-video", "true")
        await expect(bob.at("remote-video")).not_to_have_js_property("videoWidth", 0)
        await ann.at("share-screen").click()
        await expect(screen).to_have_count(0)
        await expect(ann.at("share-screen")).to_have_attribute("data-on", "false")
        await ann.at("camera").click()
        await expect(bob.at("call")).to_have_attribute("data-peer-video", "false")
        await bob.hang_up()
        await ann.wait_call_over()
        for person in (ann, bob):
            person.assert_clean()
