"""Microphones, cameras and speakers: chosen, changed in a call, unplugged, refused, missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.accounts import Account
from tests.e2e.browser import FAKE_DEVICES, GRANT, SMALL_PHONE, Person, chromium
from tests.e2e.conftest import Join

SECOND = "Fake Audio Input 2"
# The loudest so far, from a fifth of the scale up.
HEARD = re.compile(r"^(1|0\.[2-9])")

# What a browser does when a device is unplugged: its track is over, and an event says so.
UNPLUG = """kind => {
  const stream = document.querySelector('[data-testid="local-video"]').srcObject;
  const track = stream.getTracks().find((each) => each.kind === kind);
  track.stop();
  track.dispatchEvent(new Event("ended"));
}"""
# What a browser says of a camera that another program has, or that the person refuses.
NO_CAMERA = """error => {
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = (asked) =>
    asked.video ? Promise.reject(new DOMException("", error)) : open(asked);
}"""
LABELS = """() => document.querySelector('[data-testid="local-video"]').srcObject.getTracks()
  .map((each) => `${each.kind} ${each.label} ${each.readyState}`).sort()"""


class Pair(NamedTuple):
    """Two people in a call with each other."""

    caller: Person
    callee: Person


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """With two cameras; there are three microphones anyway."""
    async with chromium(devices=(f"{FAKE_DEVICES}=device-count=2", GRANT)) as running:
        yield running


async def in_a_call(account: Callable[[], Account], join: Join, *, video: bool) -> Pair:
    a, b = account(), account()
    room_id = a.direct_room(b)
    caller, callee = await asyncio.gather(join(a.user), join(b.user))
    for person in (caller, callee):
        await person.open_room(room_id)
    await caller.call(video=video)
    await callee.answer(video=video)
    await caller.wait_phase("connected")
    return Pair(caller, callee)


async def test_devices_are_chosen_before_a_call_and_kept(
    account: Callable[[], Account], join: Join
) -> None:
    person = await join(account().user)
    await person.at("menu").click()
    await person.at("menu-devices").click()
    level = person.at("level")
    await expect(level).to_have_attribute("data-loudest", HEARD)
    await person.at("choose-microphone").select_option(label=SECOND)
    await person.at("choose-camera").select_option(index=2)
    await person.at("choose-noiseSuppression").uncheck()
    await person.at("preview").click()
    await expect(person.at("camera-preview")).to_have_js_property("paused", False)
    await person.at("play-notes").click()
    await person.at("devices-close").click()
    await expect(person.at("devices")).to_have_count(0)
    await person.page.reload()
    await person.wait_online()
    await person.page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    await person.at("menu").click()
    await person.at("menu-devices").click()
    chosen = person.at("choose-microphone").locator("option:checked")
    await expect(chosen).to_have_text(SECOND)
    await expect(person.at("choose-noiseSuppression")).not_to_be_checked()
    await person.assert_fits()


async def test_devices_change_in_a_call(account: Callable[[], Account], join: Join) -> None:
    caller, callee = await in_a_call(account, join, video=True)
    before = await callee.wait_packets(50)
    await caller.at("open-devices").click()
    await caller.at("choose-microphone").select_option(label=SECOND)
    await caller.at("choose-echoCancellation").uncheck()
    await caller.at("choose-camera").select_option(index=2)
    for _ in range(100):
        labels = await caller.page.evaluate(LABELS)
        if [SECOND in labels[0], "device_1" in labels[1]] == [True, True]:
            break
        await caller.page.wait_for_timeout(100)
    assert labels == [f"audio {SECOND} live", "video fake_device_1 live"]
    await caller.at("devices-close").click()
    await callee.wait_packets(before.received + 150)
    # How large its pictures are is up to what the machine can encode.
    await expect(callee.at("remote-video")).not_to_have_js_property("videoWidth", 0)


@pytest.mark.long
async def test_a_device_that_is_unplugged_gives_way_to_the_default(
    account: Callable[[], Account], join: Join
) -> None:
    caller, callee = await in_a_call(account, join, video=True)
    await callee.wait_packets(50)
    for kind in ("audio", "video"):
        await expect(caller.at("local-video")).to_be_visible()
        await caller.page.evaluate(UNPLUG, kind)
        await expect(caller.at("notice")).to_contain_text("is used instead")
        await caller.at("notice").get_by_role("button").click()
    labels = await caller.page.evaluate(LABELS)
    assert all(label.endswith("live") for label in labels)
    assert len(labels) == 2
    before = await callee.stats()
    await callee.wait_packets(before.received + 100)
    assert (await callee.stats()).frames > before.frames


async def test_a_refused_microphone(page_url: str, account: Callable[[], Account]) -> None:
    said = await place_call([FAKE_DEVICES, f"{GRANT}=deny"], page_url, account)
    assert "may not use your microphone" in said


async def test_no_microphone_at_all(page_url: str, account: Callable[[], Account]) -> None:
    assert "No microphone was found" in await place_call([GRANT], page_url, account)


@pytest.mark.long
@pytest.mark.parametrize(
    ("error", "sentence"),
    [("NotReadableError", "Another program is using"), ("NotAllowedError", "may not use your")],
)
async def test_a_camera_that_is_in_use_or_refused(
    account: Callable[[], Account], join: Join, error: str, sentence: str
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    ann = await join(a.user)
    await ann.open_room(room_id)
    await ann.page.evaluate(NO_CAMERA, error)
    await ann.call(video=True)
    assert sentence in await ann.wait_call_over()
    assert "m.call.invite" not in a.event_types(room_id)
    await ann.call()
    await ann.wait_phase("calling")
    await ann.hang_up()


async def place_call(devices: list[str], page_url: str, account: Callable[[], Account]) -> str:
    """What the page says after a call is placed in a browser with these flags."""
    a, b = account(), account()
    room_id = a.direct_room(b)
    async with chromium(devices=devices) as browser:
        person = await Person.open(browser, page_url)
        await person.sign_in(a.user.localpart, a.user.password)
        await person.open_room(room_id)
        await person.call()
        said = await person.wait_call_over()
        person.assert_clean()
    assert "m.call.invite" not in a.event_types(room_id)
    return said


@pytest.mark.long
async def test_a_microphone_that_is_allowed_after_all(
    page_url: str, account: Callable[[], Account]
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    async with chromium(devices=(FAKE_DEVICES,)) as browser:  # nobody answers the browser's dialog
        person = await Person.open(browser, page_url)
        await person.sign_in(a.user.localpart, a.user.password)
        await person.open_room(room_id)
        await person.call()
        assert "may not use your microphone" in await person.wait_call_over()
        await person.page.context.grant_permissions(["microphone"])
        await person.call()
        await person.wait_phase("calling")
        await person.hang_up()
        await person.wait_call_over()
        person.assert_clean()
