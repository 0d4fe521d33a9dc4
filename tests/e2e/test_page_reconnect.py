"""Calls outlive what happens to networks, homeservers and laptops; ends get through afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import User
from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Serve
from voip.service.demo.coturn import RelayOptions, RelayProcess
from voip.service.demo.coturn import installed as relay_installed
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    """A relay of this test's own, which it may stop."""
    if not relay_installed():
        pytest.skip("the command turnserver is missing: on Debian, apt-get install coturn")
    process = RelayProcess(RelayOptions.fresh(tmp_path_factory.mktemp("relay")))
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture
def homeserver(
    tmp_path_factory: pytest.TempPathFactory, relay: RelayProcess
) -> Iterator[SynapseProcess]:
    """A homeserver of this test's own, which it may stop."""
    options = SynapseOptions(
        tmp_path_factory.mktemp("homeserver"),
        free_port(),
        turn_uris=relay.uris,
        turn_shared_secret=relay.secret,
        extra_config=LIMITS_LIFTED,
    )
    process = SynapseProcess(options)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def user_of(homeserver: SynapseProcess, name: str) -> User:
    return User(name, "sesame open", f"@{name}:{homeserver.server_name}")


def sent_by(account: Account, room_id: str) -> list[str]:
    """The types of the newest events that this user sent."""
    path = f"/rooms/{quote(room_id)}/messages?dir=b&limit=100"
    chunk = account.request("GET", path)["chunk"]
    return [event["type"] for event in chunk if event["sender"] == account.user.user_id]


async def two_talk(
    browser: Browser, serve: Serve, homeserver: SynapseProcess, *, relay_only: bool = False
) -> tuple[Person, Person]:
    url = await serve(homeserver.url)
    accounts = []
    for name in ("steady", "patient"):
        homeserver.register(name, "sesame open")
        accounts.append(Account.of(homeserver, user_of(homeserver, name)))
    room_id = accounts[0].direct_room(accounts[1])
    people = []
    for each in accounts:
        person = await Person.open(browser, url, relay_only=relay_only)
        people.append(person)
        await person.sign_in(each.user.localpart, each.user.password)
        await person.open_room(room_id)
    caller, callee = people
    await caller.call()
    await callee.answer()
    for person in people:
        await person.wait_phase("connected")
    return caller, callee


async def online(*people: Person) -> None:
    for person in people:
        await expect(person.at("connection")).to_have_attribute(
            "data-state", "online", timeout=90_000
        )


async def test_a_hangup_while_the_homeserver_is_away_gets_through_afterwards(
    browser: Browser, serve: Serve, homeserver: SynapseProcess
) -> None:
    caller, callee = await two_talk(browser, serve, homeserver)
    before = await caller.wait_packets(10)
    await asyncio.to_thread(homeserver.stop)
    await expect(caller.at("connection")).to_contain_text("cannot be reached")
    await caller.wait_packets(before.received + 100)
    # It ends here at once, and there once the homeserver can tell.
    await caller.hang_up()
    assert (await caller.wait_call_over()).startswith("Call ended after")
    await asyncio.to_thread(homeserver.start)
    await online(caller, callee)
    # Bob's side may have noticed before that nobody is there.
    await callee.wait_call_over()
    steady = Account.of(homeserver, user_of(homeserver, "steady"))
    room_id = await caller.at("room").get_attribute("data-room") or ""
    async with asyncio.timeout(30):
        while "m.call.hangup" not in sent_by(steady, room_id):  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0.2)


async def test_a_relay_that_is_restarted_is_found_again(
    browser: Browser, serve: Serve, homeserver: SynapseProcess, relay: RelayProcess
) -> None:
    caller, callee = await two_talk(browser, serve, homeserver, relay_only=True)
    assert (await caller.wait_packets(20)).route == "relayed"
    await asyncio.to_thread(relay.stop)
    await caller.wait_phase("reconnecting")
    await expect(caller.at("call-status")).to_contain_text("reconnecting")
    await asyncio.to_thread(relay.start)
    for person in (caller, callee):
        await person.wait_phase("connected")
    before = await caller.stats()
    await caller.wait_packets(before.received + 50)
    await callee.hang_up()
    await caller.wait_call_over()


async def test_another_network_and_a_laptop_that_slept_begin_a_new_path(
    browser: Browser, serve: Serve, homeserver: SynapseProcess
) -> None:
    caller, callee = await two_talk(browser, serve, homeserver)
    heard = await caller.wait_packets(10)
    sent: list[str] = []
    caller.page.on("request", lambda request: sent.append(request.url))

    async def new_path() -> None:
        """An offer is sent and answered, and sound goes on."""
        async with asyncio.timeout(30):
            while not any("m.call.negotiate" in url for url in sent):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        sent.clear()
        now = await caller.stats()
        await caller.wait_packets(now.received + 50)
        await caller.wait_phase("connected")

    # The browser itself tells that it is back in a network.
    await caller.page.context.set_offline(True)
    await expect(caller.at("connection")).to_have_attribute("data-state", "reconnecting")
    await caller.page.context.set_offline(False)
    await new_path()
    await online(caller)

    # A clock that jumps is what a page sees of sleep.
    await caller.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 60000; }")
    await new_path()
    assert (await caller.stats()).received > heard.received
    await caller.hang_up()
    assert (await callee.wait_call_over()).startswith("Call ended after")
