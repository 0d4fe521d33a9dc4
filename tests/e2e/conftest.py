"""The built page, served as it is in earnest, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from playwright.async_api import Browser

from tests.bot.conftest import exchange  # noqa: F401  # bots for people to call
from tests.conftest import MakeUser, User
from tests.e2e.accounts import Account
from tests.e2e.browser import Person, chromium
from voip.service.demo.synapse import SynapseProcess
from voip.service.web import create_app, page_folder

Serve = Callable[[str], Awaitable[str]]
Join = Callable[..., Awaitable[Person]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """``await serve(homeserver)``: the page's address, with the real policy for that homeserver."""
    runners: list[web.AppRunner] = []

    async def start(homeserver: str) -> str:
        runner = web.AppRunner(create_app(page_folder(), homeserver=homeserver))
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def page_url(serve: Serve, synapse: SynapseProcess) -> str:
    return await serve(synapse.url)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture
async def account(synapse: SynapseProcess, make_user: MakeUser) -> Callable[[], Account]:
    """``account()``: a fresh user who acts through the homeserver's interface, without a page."""
    return lambda: Account.of(synapse, make_user())


@pytest.fixture
async def join(browser: Browser, page_url: str) -> AsyncIterator[Join]:
    """``await join(user)``: that user's page, signed in. Each must stay free of complaints."""
    people: list[Person] = []

    async def enter(user: User, **options: object) -> Person:
        person = await Person.open(browser, page_url, **options)  # type: ignore[arg-type]  # passed on as they are
        people.append(person)
        await person.sign_in(user.localpart, user.password)
        return person

    yield enter
    for person in people:
        person.assert_clean()
