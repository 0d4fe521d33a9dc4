"""How a call is laid out, and sending less."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.accounts import Account
from tests.e2e.browser import SMALL_PHONE, Person
from tests.e2e.conftest import Join

FLOATING = """() => {
  const inside = documentPictureInPicture.window?.document;
  return inside && {
    video: inside.querySelector("video")?.srcObject instanceof MediaStream,
    hangUp: inside.querySelector(".view-tool-hangup")?.getAttribute("aria-label"),
  };
}"""


class Pair(NamedTuple):
    """Two people in a video call with each other."""

    caller: Person
    callee: Person


@pytest.fixture
async def pair(account: Callable[[], Account], join: Join) -> Pair:
    a, b = account(), account()
    room_id = a.direct_room(b)
    caller, callee = await asyncio.gather(join(a.user), join(b.user))
    for person in (caller, callee):
        await person.open_room(room_id)
    await caller.call(video=True)
    await callee.answer(video=True)
    await expect(caller.at("call")).to_have_attribute("data-peer-video", "true")
    return Pair(caller, callee)


async def test_tiles_and_the_self_view(pair: Pair) -> None:
    person, stage = pair.caller, pair.caller.at("pictures")
    await expect(person.at("pic-peer")).to_have_attribute("data-role", "large")
    self_view = person.at("pic-self")
    await expect(self_view).to_have_attribute("data-corner", "top-end")
    await drag_to(self_view, person.at("call"), x=0.2, y=0.6)
    await expect(self_view).to_have_attribute("data-corner", "bottom-start")
    await person.at("move-self").click()
    await expect(self_view).to_have_attribute("data-corner", "top-start")
    await person.at("layout").click()
    await expect(stage).to_have_attribute("data-layout", "tiles")
    sizes = [await box(person.at(name)) for name in ("pic-peer", "pic-self")]
    assert sizes[0][2:] == sizes[1][2:]
    await person.at("hide-self").click()
    await expect(self_view).to_have_count(0)
    await person.page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    await person.assert_fits()
    await expect(person.at("hang-up")).to_be_in_viewport(ratio=1)
    await person.at("show-self").click()
    await expect(self_view).to_have_attribute("data-role", "tile")
    # The choice lasts.
    await person.at("hang-up").click()
    await person.page.reload()
    await person.wait_online()
    kept = await person.page.evaluate("JSON.parse(localStorage.getItem('voip.layout')).tiles")
    assert kept is True


@pytest.mark.long
async def test_low_bandwidth_sends_a_small_picture_and_says_what_it_saves(pair: Pair) -> None:
    caller, callee = pair
    await caller.wait_packets(100)
    await caller.at("open-devices").click()
    await caller.at("bandwidth-small").check()
    await expect(callee.at("remote-video")).to_have_js_property("videoHeight", 240)
    await expect(caller.at("saving")).to_contain_text("% less")
    await caller.at("bandwidth-voice").check()
    await expect(callee.at("call")).to_have_attribute("data-peer-video", "false")
    await caller.at("bandwidth-full").check()
    await caller.at("devices-close").click()
    await caller.at("camera").click()
    await expect(callee.at("call")).to_have_attribute("data-peer-video", "true")
    await expect(callee.at("remote-video")).to_have_js_property("videoHeight", 360)


@pytest.mark.long
async def test_full_screen(pair: Pair) -> None:
    button = pair.caller.at("fullscreen")
    await button.click()
    await expect(button).to_have_attribute("aria-label", "Leave full screen")
    shown = await pair.caller.page.evaluate("document.fullscreenElement?.dataset.testid")
    assert shown == "call"
    await button.click()
    await expect(button).to_have_attribute("aria-label", "Full screen")


async def box(element: Locator) -> tuple[float, float, float, float]:
    found = await element.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["width"], found["height"]


async def drag_to(element: Locator, stage: Locator, *, x: float, y: float) -> None:
    """Drags an element to a point of the stage, from 0 to 1."""
    left, top, width, height = await box(element)
    mouse = element.page.mouse
    await mouse.move(left + width / 2, top + height / 2)
    await mouse.down()
    left, top, width, height = await box(stage)
    await mouse.move(left + x * width, top + y * height, steps=5)
    await mouse.up()


@pytest.mark.long
async def test_picture_in_picture_lasts_as_long_as_the_call(pair: Pair) -> None:
    button = pair.caller.at("pip")
    await button.click()
    await expect(button).to_have_attribute("aria-label", "Leave picture in picture")
    seen = await pair.caller.page.evaluate(FLOATING)
    assert seen == {"video": True, "hangUp": "Hang up"}
    await pair.caller.hang_up()
    await pair.callee.wait_call_over()
    await expect(pair.caller.at("call")).to_have_count(0)
    assert await pair.caller.page.evaluate("documentPictureInPicture.window") is None


async def test_messages_are_read_during_a_call(account: Callable[[], Account], join: Join) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    caller = await join(a.user)
    await caller.open_room(room_id)
    await caller.call()
    await caller.at("open-messages").click()
    b.send(room_id, {"msgtype": "m.text", "body": "Call me on the other number."})
    beside = caller.at("call-messages")
    await expect(beside.get_by_text("Call me on the other number.")).to_be_visible()
    await expect(caller.at("hang-up")).to_be_in_viewport(ratio=1)
    await caller.page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    await caller.assert_fits()
    # On a phone they lie above the call, and the way back is in view.
    await caller.at("close-messages").click()
    await expect(caller.at("hang-up")).to_be_in_viewport(ratio=1)
    await caller.at("hang-up").click()
    await expect(beside).to_have_count(0)
