"""The built page, served as it is in earnest, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser

from tests.bot.conftest import Exchange, exchange  # noqa: F401  # bots for people to call
from tests.conftest import MakeUser, User
from tests.e2e.accounts import Account
from tests.e2e.browser import Person, chromium
from tests.e2e.harness_page import harness_folder
from tests.e2e.jssdk import JsClient
from tests.e2e.lines import Line
from voip.service.demo.synapse import SynapseProcess
from voip.service.web import create_app, page_folder, under

Serve = Callable[..., Awaitable[str]]
Join = Callable[..., Awaitable[Person]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """``await serve(homeserver)``: the page's address, with the real policy for that homeserver.

    Or that of another page: ``await serve(homeserver, folder)``. ``echo``: whom its test calls;
    ``path`` and what else `create_app` takes are passed on.
    """
    runners: list[web.AppRunner] = []

    async def start(
        homeserver: str,
        folder: Path | None = None,
        echo: str | None = None,
        *,
        path: str = "",
        embed_origins: Sequence[str] = (),
    ) -> str:
        app = create_app(
            folder or page_folder(), homeserver=homeserver, echo=echo, embed_origins=embed_origins
        )
        runner = web.AppRunner(under(path, app))
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/{path}"

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


@pytest.fixture(scope="session")
def harness() -> Path:
    """The built page around matrix-js-sdk's own calls."""
    return harness_folder()


@pytest.fixture
async def js(
    browser: Browser, serve: Serve, harness: Path, synapse: SynapseProcess, make_user: MakeUser
) -> JsClient:
    """matrix-js-sdk, signed in with an account of its own."""
    url = await serve(synapse.url, harness)
    return await JsClient.sign_in(browser, url, synapse.url, make_user())


@pytest.fixture
async def line(js: JsClient, exchange: Exchange) -> Line:  # noqa: F811  # the fixture above
    """matrix-js-sdk and a phone of ours, ready to call each other."""
    return await Line.connect(js, await exchange.phone())
