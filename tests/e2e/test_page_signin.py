"""Signing in and out, and a sentence for each way in which it fails."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import MakeUser, User
from tests.e2e.browser import SMALL_PHONE, Person
from tests.e2e.conftest import Join, Serve
from voip.service.demo.processes import free_port


@pytest.fixture
def user(make_user: MakeUser) -> User:
    return make_user()


async def test_wrong_password(browser: Browser, page_url: str, user: User) -> None:
    person = await Person.open(browser, page_url)
    await person.try_sign_in(user.localpart, "not the password")
    assert "do not match" in await person.sign_in_problem()
    await person.sign_in(user.localpart, user.password)
    await expect(person.at("me")).to_have_text(user.localpart)


async def test_a_homeserver_that_is_not_there(browser: Browser, serve: Serve, user: User) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    person = await Person.open(browser, await serve(nobody))
    await person.try_sign_in(user.localpart, user.password)
    assert "cannot be reached" in await person.sign_in_problem()


async def test_a_homeserver_that_the_policy_forbids(
    browser: Browser, page_url: str, user: User
) -> None:
    person = await Person.open(browser, page_url)
    other = f"http://127.0.0.1:{free_port()}"
    await person.try_sign_in(user.localpart, user.password, homeserver=other)
    assert "may not talk to" in await person.sign_in_problem()


@pytest.mark.long
async def test_a_web_server_that_is_no_homeserver(
    browser: Browser, page_url: str, user: User
) -> None:
    person = await Person.open(browser, page_url)
    await person.try_sign_in(user.localpart, user.password, homeserver=page_url)
    assert "not a Matrix homeserver" in await person.sign_in_problem()


async def test_the_session_survives_a_reload_and_ends_with_sign_out(user: User, join: Join) -> None:
    person = await join(user)
    await person.page.reload()
    await person.wait_online()
    await expect(person.at("me")).to_have_text(user.localpart)
    await person.at("menu").click()
    await person.at("sign-out").click()
    await expect(person.at("signin")).to_be_visible()
    databases = "indexedDB.databases().then(all => all.map(each => each.name))"
    for _ in range(50):  # deleting them takes the browser a moment
        if not await person.page.evaluate(databases):
            break
        await person.page.wait_for_timeout(100)
    assert await person.page.evaluate(databases) == []
    assert await person.page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.long
async def test_a_second_tab_takes_the_session_only_when_asked(user: User, join: Join) -> None:
    first = await join(user)
    second = Person(await first.page.context.new_page())
    await second.page.goto(first.page.url)
    await second.at("use-here").click()
    await second.wait_online()
    await expect(first.at("use-here")).to_be_visible()


async def test_the_sign_in_fits_a_small_phone(browser: Browser, page_url: str) -> None:
    person = await Person.open(browser, page_url, size=SMALL_PHONE)
    await expect(person.at("signin")).to_be_visible()
    await person.assert_fits()
    person.assert_clean()
