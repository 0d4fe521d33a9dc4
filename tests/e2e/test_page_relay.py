"""Calls through the relay alone, and what the page says where there is none.

The homeserver here limits failed attempts to sign in, unlike the shared one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import MakeUser, User
from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Serve
from voip.service.demo.coturn import RelayProcess
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions


@pytest.fixture(scope="module")
def relayed(
    tmp_path_factory: pytest.TempPathFactory, coturn: RelayProcess
) -> Iterator[SynapseProcess]:
    """A homeserver that hands out the relay's credentials."""
    options = SynapseOptions(
        tmp_path_factory.mktemp("relayed"),
        free_port(),
        turn_uris=coturn.uris,
        turn_shared_secret=coturn.secret,
        # What is limited by address would meet the other tests here as well.
        extra_config={
            "rc_login": {
                kind: {"per_second": 1000, "burst_count": 10_000} for kind in ("address", "account")
            }
        },
    )
    process = SynapseProcess(options)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def make(synapse: SynapseProcess, name: str) -> User:
    synapse.register(name, "sesame open")
    return User(name, "sesame open", f"@{name}:{synapse.server_name}")


async def test_a_call_through_the_relay_alone(
    browser: Browser, serve: Serve, relayed: SynapseProcess
) -> None:
    url = await serve(relayed.url)
    users = make(relayed, "near"), make(relayed, "far")
    a, b = (Account.of(relayed, user) for user in users)
    room_id = a.direct_room(b)
    caller = await Person.open(browser, url, relay_only=True)
    callee = await Person.open(browser, url)
    for person, user in zip((caller, callee), users, strict=True):
        await person.sign_in(user.localpart, user.password)
        await person.open_room(room_id)
    await caller.call(video=True)
    await callee.answer(video=True)
    for person in (caller, callee):
        await person.wait_phase("connected")
        route = (await person.wait_packets(50)).route
        # The callee may meet the relay's address in a check before it is told what it is
        # (a peer-reflexive candidate, RFC 8445 §7.3.1.3), and cannot know better then.
        assert route == "relayed" or person is callee
    await caller.hang_up()
    await callee.wait_call_over()
    for person in (caller, callee):
        person.assert_clean()


async def test_too_many_attempts_name_the_time_to_wait(
    browser: Browser, serve: Serve, relayed: SynapseProcess
) -> None:
    user = make(relayed, "forgetful")
    person = await Person.open(browser, await serve(relayed.url))
    problem = ""
    for _ in range(6):
        await person.try_sign_in(user.localpart, "wrong")
        await expect(person.at("signin")).to_be_enabled()
        problem = await person.sign_in_problem()
        if "Too many attempts" in problem:
            break
    assert "Try again in" in problem
    assert "second" in problem


async def test_relay_only_without_a_relay_places_no_call(
    browser: Browser, page_url: str, synapse: SynapseProcess, make_user: MakeUser
) -> None:
    a, b = Account.of(synapse, make_user()), Account.of(synapse, make_user())
    room_id = a.direct_room(b)
    person = await Person.open(browser, page_url, relay_only=True)
    await person.sign_in(a.user.localpart, a.user.password)
    await person.open_room(room_id)
    await person.call()
    assert "this homeserver offers none" in await person.wait_call_over()


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_call_outlives_a_restart_of_the_homeserver(
    browser: Browser, serve: Serve, relayed: SynapseProcess
) -> None:
    url = await serve(relayed.url)
    users = make(relayed, "steady"), make(relayed, "patient")
    a, b = (Account.of(relayed, user) for user in users)
    room_id = a.direct_room(b)
    caller, callee = await Person.open(browser, url), await Person.open(browser, url)
    for person, user in zip((caller, callee), users, strict=True):
        await person.sign_in(user.localpart, user.password)
        await person.open_room(room_id)
    await caller.call()
    await callee.answer()
    await caller.wait_phase("connected")
    before = await caller.wait_packets(10)
    await asyncio.to_thread(relayed.stop)
    await expect(caller.at("connection")).to_contain_text("cannot be reached")
    await caller.wait_packets(before.received + 100)
    await asyncio.to_thread(relayed.start)
    for person in (caller, callee):
        await expect(person.at("connection")).to_have_attribute(
            "data-state", "online", timeout=60_000
        )
    await caller.hang_up()
    assert (await callee.wait_call_over()).startswith("Call ended after")
