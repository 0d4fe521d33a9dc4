"""WCAG 2.2 AA: axe finds nothing in any view, and the keyboard alone makes a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.accounts import Account
from tests.e2e.axe import LOOKS, SHORT, Look, problems, put_on
from tests.e2e.browser import Person
from tests.e2e.conftest import Join

# At 400 % a window of 1280 by 1024 has the room of this one (WCAG 1.4.10, Reflow).
ZOOMED = (320, 256)

some_looks = pytest.mark.parametrize(
    "looks", [SHORT, pytest.param(LOOKS, marks=pytest.mark.long)], ids=["two-looks", "all-looks"]
)


async def nothing_is_found(person: Person, looks: Sequence[Look], view: str) -> None:
    for look in looks:
        await put_on(person.page, look)
        assert await problems(person.page) == [], f"{view}, {look}"
        await person.assert_fits()
    await put_on(person.page, LOOKS[0])


@pytest.mark.timeout(600)
@some_looks
async def test_axe_finds_nothing(
    browser: Browser,
    page_url: str,
    account: Callable[[], Account],
    join: Join,
    looks: Sequence[Look],
) -> None:
    signing_in = await Person.open(browser, page_url)
    await expect(signing_in.at("signin")).to_be_visible()
    await nothing_is_found(signing_in, looks, "sign-in")

    a, b = account(), account()
    room_id = a.direct_room(b)
    a.room(name="Everybody", invite=[b])
    a.send(room_id, {"msgtype": "m.text", "body": "Hello"})
    caller, person = await asyncio.gather(join(a.user), join(b.user))
    await expect(person.at("invite")).to_be_visible()
    await nothing_is_found(person, looks, "list")
    await person.at("menu").click()
    await nothing_is_found(person, looks, "menu")
    await person.at("menu").click()
    await person.at("new-chat").click()
    await nothing_is_found(person, looks, "dialog")
    await person.page.keyboard.press("Escape")
    await person.open_room(room_id)
    await nothing_is_found(person, looks, "room")
    await caller.open_room(room_id)
    await caller.call(video=True)
    await person.wait_ringing()
    await nothing_is_found(person, looks, "incoming call")
    await person.answer(video=True)
    await person.wait_phase("connected")
    await nothing_is_found(person, looks, "call")
    await person.hang_up()
    await person.wait_call_over()
    await nothing_is_found(person, looks, "after the call")


async def tab_to(person: Person, testid: str) -> None:
    """Press Tab until the keyboard is there; what it is on must show it."""
    focused = "document.activeElement?.dataset.testid ?? document.activeElement?.ariaLabel"
    passed: list[object] = []
    for _ in range(30):
        await person.page.keyboard.press("Tab")
        passed.append(await person.page.evaluate(focused))
        if passed[-1] == testid:
            await expect(person.at(testid)).to_be_in_viewport()
            return
    raise AssertionError(f"Tab never came to {testid}: {passed}")


async def test_the_keyboard_alone_places_answers_and_ends_a_call(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    a.direct_room(b)
    caller, callee = await asyncio.gather(join(a.user), join(b.user))
    await tab_to(caller, "room")
    await caller.page.keyboard.press("Enter")
    await tab_to(caller, "call-voice")
    await caller.page.keyboard.press("Enter")
    await expect(caller.at("call")).to_be_focused()
    await callee.wait_ringing()
    await expect(callee.at("incoming")).to_be_focused()
    await callee.page.keyboard.press("Escape")  # leaves it ringing
    await tab_to(callee, "answer")
    await callee.page.keyboard.press("Enter")
    await callee.wait_phase("connected")
    await expect(callee.at("call")).to_be_focused()
    await tab_to(callee, "mute")
    await callee.page.keyboard.press("Space")
    await expect(caller.page.get_by_text("Muted")).to_be_visible()
    await tab_to(callee, "hang-up")
    await callee.page.keyboard.press("Enter")
    for person in (caller, callee):
        await person.wait_call_over()
        assert await person.page.evaluate("document.activeElement.tagName") != "BODY"


@pytest.mark.long
async def test_everything_is_reached_at_400_percent(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    caller, person = await asyncio.gather(join(a.user), join(b.user, size=ZOOMED))
    await person.assert_fits()
    await person.open_room(room_id)
    await person.assert_fits()
    await caller.open_room(room_id)
    await caller.call()
    await person.wait_ringing()
    for testid in ("decline", "answer"):
        await person.at(testid).scroll_into_view_if_needed()
        await expect(person.at(testid)).to_be_in_viewport(ratio=0.9)
    await person.answer()
    await person.wait_phase("connected")
    for testid in ("mute", "camera", "hang-up"):
        await person.at(testid).scroll_into_view_if_needed()
        await expect(person.at(testid)).to_be_in_viewport(ratio=0.9)
    await person.hang_up()


async def test_nothing_moves_for_who_wants_no_motion(browser: Browser, page_url: str) -> None:
    person = await Person.open(browser, page_url)
    await person.page.emulate_media(reduced_motion="reduce")
    await expect(person.at("signin")).to_be_visible()
    running = "document.getAnimations().filter((each) => each.playState === 'running').length"
    assert await person.page.evaluate(running) == 0
