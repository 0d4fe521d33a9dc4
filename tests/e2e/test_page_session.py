"""Sessions that end by themselves, guests, and servers and clocks that are wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import MakeUser, User
from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join, Serve
from tests.e2e.trust import set_up_recovery
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

REFRESH = re.compile("/refresh$")
SESSION = "JSON.parse(localStorage['voip.session'])"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SynapseProcess]:
    """A homeserver whose tokens end after seconds, and its sessions after a minute."""
    extra = {
        **LIMITS_LIFTED,
        "refreshable_access_token_lifetime": "12s",
        "session_lifetime": "60s",
    }
    folder = tmp_path_factory.mktemp("strict")
    process = SynapseProcess(SynapseOptions(folder, free_port(), extra_config=extra))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def hospitable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SynapseProcess]:
    """A homeserver that takes guests."""
    extra = {**LIMITS_LIFTED, "allow_guest_access": True}
    folder = tmp_path_factory.mktemp("hospitable")
    process = SynapseProcess(SynapseOptions(folder, free_port(), extra_config=extra))
    process.start()
    yield process
    process.stop()


async def test_a_session_that_is_ended_elsewhere(
    make_user: MakeUser, synapse: SynapseProcess, join: Join
) -> None:
    user = make_user()
    person = await join(user)
    Account.of(synapse, user).request("POST", "/logout/all", {})
    assert "session was ended" in await person.sign_in_problem()
    person.complaints.clear()  # The browser tells of the 401, as it should.
    await person.sign_in(user.localpart, user.password)


async def test_a_clock_that_is_wrong_is_told(browser: Browser, page_url: str) -> None:
    person = await Person.open(browser, page_url)
    await expect(person.at("signin")).to_be_visible()
    await expect(person.at("clock")).to_have_count(0)
    await person.page.clock.set_system_time(datetime.now(UTC) - timedelta(minutes=30))
    await person.page.reload()
    await expect(person.at("clock")).to_contain_text("30 minutes slow")
    person.assert_clean()


@pytest.mark.long
@pytest.mark.timeout(300)  # It waits for a session to end.
async def test_tokens_are_renewed_and_an_ended_session_keeps_its_device(
    browser: Browser, serve: Serve, strict: SynapseProcess
) -> None:
    strict.register("ada", "a long password")
    person = await Person.open(browser, await serve(strict.url))
    # A sync that began with a token is answered after half a minute; the next one asks for another.
    async with person.page.expect_response(REFRESH, timeout=60_000):
        await person.sign_in("ada", "a long password")
        key = await set_up_recovery(person)
        device = await person.page.evaluate(f"{SESSION}.deviceId")
    await expect(person.at("signin-again")).to_contain_text(
        f"@ada:{strict.server_name}", timeout=90_000
    )
    await person.at("password").fill("a long password")
    await person.at("signin").click()
    await person.wait_online()
    assert await person.page.evaluate(f"{SESSION}.deviceId") == device
    assert key
    await person.at("menu").click()
    await person.at("encryption-menu").click()
    await expect(person.at("all-set")).to_be_visible()  # Its keys were kept.


@pytest.mark.long
@pytest.mark.timeout(300)  # It waits for a session to end.
async def test_an_ended_session_may_be_given_up(
    browser: Browser, serve: Serve, strict: SynapseProcess
) -> None:
    strict.register("bob", "a long password")
    person = await Person.open(browser, await serve(strict.url))
    await person.sign_in("bob", "a long password")
    await person.at("signin-other").click(timeout=90_000)
    await expect(person.at("homeserver")).to_be_visible()
    assert await person.page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.long
@pytest.mark.parametrize("welcome", [True, False])
async def test_a_guest_comes_by_a_link(
    browser: Browser, serve: Serve, hospitable: SynapseProcess, welcome: bool
) -> None:
    name = f"host-{welcome}".lower()
    hospitable.register(name, "a long password")
    host = Account.of(
        hospitable, User(name, "a long password", f"@{name}:{hospitable.server_name}")
    )
    room_id = host.room(name="Reception")
    rules = "public" if welcome else "invite"
    host.request("PUT", f"/rooms/{quote(room_id)}/state/m.room.join_rules", {"join_rule": rules})
    access = {"guest_access": "can_join" if welcome else "forbidden"}
    host.request("PUT", f"/rooms/{quote(room_id)}/state/m.room.guest_access", access)
    url = await serve(hospitable.url)
    person = await Person.open(browser, f"{url}#/room/{quote(room_id)}")
    await person.at("guest").click()
    await person.at("guest-enter").click()
    assert "Type the name" in await person.sign_in_problem()
    await person.at("guest-name").fill("Grace Hopper")
    await person.at("guest-enter").click()
    await person.wait_online()
    await expect(person.at("me")).to_have_text("Grace Hopper")
    if welcome:
        await expect(person.at("room-name")).to_have_text("Reception")
    else:
        await expect(person.at("notice")).to_contain_text("takes no guests")
    await person.at("menu").click()
    await person.at("guest-leave").click()
    await expect(person.at("signin")).to_be_visible()


@pytest.mark.long
async def test_a_homeserver_without_guests_says_so(
    browser: Browser, page_url: str, synapse: SynapseProcess
) -> None:
    person = await Person.open(browser, f"{page_url}#/room/!any:{synapse.server_name}")
    await person.at("guest").click()
    await person.at("guest-name").fill("Grace")
    await person.at("guest-enter").click()
    assert "takes no guests" in await person.sign_in_problem()


@pytest.mark.long
async def test_a_homeserver_that_never_answers(browser: Browser, serve: Serve) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        person = await Person.open(browser, await serve(f"http://127.0.0.1:{port}"))
        await person.try_sign_in("ada", "a password")
        await expect(person.at("signin-slow")).to_contain_text("slow to answer")
        assert "does not answer" in await person.sign_in_problem()
        await expect(person.at("signin")).to_be_enabled()
    finally:
        server.close()
