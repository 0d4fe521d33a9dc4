"""Recovery keys and verification, between real devices on a real homeserver."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.conftest import MakeUser
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
