"""Recovery keys and verification, between real devices on a real homeserver."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import FloatRect, expect

from tests.conftest import MakeUser
from tests.e2e.browser import FAKE_DEVICES, GRANT, Person, chromium
from tests.e2e.conftest import Join
from tests.e2e.trust import (
    compare_emoji,
    set_up_recovery,
    shield,
    stored_outside_the_crypto_store,
    wait_step,
)


async def test_a_new_account_is_confirmed_on_its_next_devices(
    make_user: MakeUser, join: Join
) -> None:
    user = make_user()
    first = await join(user)
    key = await set_up_recovery(first)
    await expect(first.at("trust-banner")).to_have_count(0)
    await first.page.reload()
    await first.at("menu").click()
    await first.at("encryption-menu").click()
    await expect(first.at("all-set")).to_be_visible()
    await first.at("trust-close").click()

    by_emoji = await join(user)
    await by_emoji.at("trust-begin").click()
    await by_emoji.at("verify-device").click()
    await compare_emoji(by_emoji, first)
    await expect(by_emoji.at("trust-banner")).to_have_count(0)
    await expect(by_emoji.at("all-set")).to_be_visible()

    by_key = await join(user)
    await by_key.at("trust-begin").click()
    await by_key.at("recovery-typed").fill("EsTx not a key at all")
    await by_key.at("recover").click()
    await expect(by_key.at("trust-problem")).to_contain_text("not the recovery key")
    await by_key.at("recovery-typed").fill(key)
    await by_key.at("recover").click()
    await expect(by_key.at("all-set")).to_be_visible()

    for person in (first, by_key):
        kept = await stored_outside_the_crypto_store(person)
        assert user.user_id in kept  # It was looked at the right place.
        assert key not in kept
        assert key.replace(" ", "") not in kept


async def test_a_person_verifies_another_in_their_room(make_user: MakeUser, join: Join) -> None:
    ada, bob = make_user(), make_user()
    hers, his = await join(ada), await join(bob)
    await set_up_recovery(hers)
    await hers.start_chat(bob.user_id)
    await his.accept_invite()
    await shield(hers, "unsigned")
    await set_up_recovery(his)
    await shield(hers, "unverified")
    await hers.at("shield").click()
    await hers.at("verify-person").click()
    await compare_emoji(hers, his)
    await hers.at("trust-close").click()
    await shield(hers, "verified")
    await shield(his, "verified")


@pytest.mark.long
async def test_pictures_that_differ_confirm_nothing(make_user: MakeUser, join: Join) -> None:
    user = make_user()
    first, second = await join(user), await join(user)
    await set_up_recovery(first)
    await second.at("trust-begin").click()
    await second.at("verify-device").click()
    await wait_step(first, "asked")
    await first.at("verify-accept").click()
    await first.at("verify-emoji").click()
    await wait_step(second, "emoji")
    await second.at("verify-differ").click()
    await wait_step(first, "cancelled")
    await expect(first.at("verify-step")).to_contain_text("did not match")
    await first.at("verify-close").click()
    await second.at("verify-close").click()
    await expect(second.at("verify-device")).to_be_visible()


@pytest.mark.long
async def test_asking_can_wait_and_blocks_nothing(make_user: MakeUser, join: Join) -> None:
    person = await join(make_user())
    await person.at("trust-later").click()
    await expect(person.at("trust-banner")).to_have_count(0)
    await person.at("menu").click()
    await person.at("encryption-menu").click()
    await expect(person.at("recovery-key")).not_to_be_empty()
    await person.page.keyboard.press("Escape")
    await expect(person.at("encryption")).to_have_count(0)


@pytest.mark.long
async def test_a_call_hears_of_new_devices_and_a_new_identity(
    make_user: MakeUser, join: Join
) -> None:
    ada, bob = make_user(), make_user()
    hers, his = await join(ada), await join(bob)
    await set_up_recovery(his)
    await hers.start_chat(bob.user_id)
    await his.accept_invite()
    await shield(hers, "unverified")
    await hers.call()
    await his.answer()
    await hers.wait_phase("connected")

    stranger = await join(bob)
    await expect(hers.at("trust-alerts")).to_contain_text("a new device")
    await stranger.at("trust-begin").click()
    await stranger.at("lost-both").click()
    await stranger.at("start-anew").click()
    await stranger.at("reauth-password").fill("not the password")
    await stranger.at("reauth-send").click()
    await expect(stranger.at("reauth")).to_contain_text("did not take that password")
    stranger.complaints.clear()  # The browser tells of the 401s, as it should.
    await stranger.at("reauth-password").fill(bob.password)
    await stranger.at("reauth-send").click()
    await expect(hers.at("trust-alerts")).to_contain_text("identity changed")
    await shield(hers, "changed")
    await hers.wait_phase("connected")  # It warns, and ends nothing.
    await hers.hang_up()
    await hers.at("shield").click()
    await hers.at("accept-change").click()
    await hers.at("trust-close").click()
    await shield(hers, "unverified")


@pytest.mark.long
async def test_a_device_scans_the_code_of_another(
    make_user: MakeUser, join: Join, page_url: str, tmp_path: Path
) -> None:
    user = make_user()
    first = await join(user)
    await set_up_recovery(first)
    camera = tmp_path / "camera.mjpeg"
    film = f"--use-file-for-fake-video-capture={camera}"
    async with chromium(devices=(FAKE_DEVICES, GRANT, film)) as other:
        second = await Person.open(other, page_url)
        await second.sign_in(user.localpart, user.password)
        await second.at("trust-begin").click()
        await second.at("verify-device").click()
        await first.at("verify-accept").click()
        code = first.page.locator('[data-testid="qr"][data-ready="true"]')
        box = await code.bounding_box()
        assert box is not None
        clip = FloatRect(x=box["x"] - 20, y=box["y"] - 20, width=280, height=280)
        # A film is pictures after one another.
        camera.write_bytes(await first.page.screenshot(type="jpeg", quality=95, clip=clip) * 20)
        await second.at("verify-scan").click()
        await wait_step(first, "scanned")
        await first.at("verify-match").click()
        await asyncio.gather(wait_step(first, "done"), wait_step(second, "done"))
        await second.at("verify-close").click()
        await expect(second.at("all-set")).to_be_visible()
