"""The page without a network, and a newer page while the old one is open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import Person
from tests.e2e.conftest import Join, Serve
from voip.bot.runner import BotKind
from voip.service.demo.synapse import SynapseProcess
from voip.service.web import page_folder

INSTALLED = "navigator.serviceWorker.ready.then(() => true)"


async def test_a_reload_without_a_network_shows_the_shell_and_a_sentence(
    join: Join, make_user: MakeUser
) -> None:
    person = await join(make_user())
    assert await person.page.evaluate(INSTALLED)
    await person.page.context.set_offline(True)
    await person.page.reload()
    await expect(person.at("shell")).to_be_visible()
    await expect(person.at("page-status")).to_contain_text("There is no network")
    await person.page.context.set_offline(False)
    await person.wait_online()
    await expect(person.at("page-status")).to_be_empty()
    # What a browser without a network says of every request of the homeserver's.
    person.complaints[:] = [
        each for each in person.complaints if "ERR_INTERNET_DISCONNECTED" not in each
    ]


@pytest.mark.long
async def test_the_sign_in_opens_without_a_network(browser: Browser, page_url: str) -> None:
    person = await Person.open(browser, page_url)
    assert await person.page.evaluate(INSTALLED)
    await person.page.context.set_offline(True)
    await person.page.reload()
    await expect(person.at("page-status")).to_contain_text("There is no network")
    await expect(person.at("signin")).to_be_visible()


@pytest.mark.long
async def test_a_new_version_is_told_but_not_in_a_call(
    *,
    browser: Browser,
    serve: Serve,
    synapse: SynapseProcess,
    exchange: Exchange,
    make_user: MakeUser,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "page"
    shutil.copytree(page_folder(), folder)
    bot, user = await exchange.bot(BotKind.ECHO), make_user()
    person = await Person.open(browser, await serve(synapse.url, folder))
    await person.sign_in(user.localpart, user.password)
    assert await person.page.evaluate(INSTALLED)
    await person.start_chat(bot.phone.user_id)
    await person.call()
    await person.wait_phase("connected")
    _publish_another(folder)
    await person.page.evaluate("navigator.serviceWorker.ready.then((found) => found.update())")
    waiting = "navigator.serviceWorker.ready.then((found) => found.waiting !== null)"
    await person.page.wait_for_function(waiting)
    await expect(person.at("update")).to_have_count(0)
    await person.hang_up()
    async with person.page.expect_event("load"):
        await person.at("update").click()
    await person.wait_online()
    await expect(person.at("update")).to_have_count(0)
    assert not await person.page.evaluate(waiting)


def _publish_another(folder: Path) -> None:
    """A newer build differs by its worker at least."""
    worker = folder / "sw.js"
    (folder / "sw.js.gz").unlink(missing_ok=True)
    worker.write_text(worker.read_text().replace('VERSION = "', 'VERSION = "newer-'))
