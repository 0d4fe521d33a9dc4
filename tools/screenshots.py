"""Take the pictures of docs/page.md: ``python tools/screenshots.py``.

A homeserver, the echo bot and the page are started for it; the folder to write to may be named,
and languages: ``python tools/screenshots.py /tmp/pictures en ar``.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, expect

from tests.conftest import User
from tests.e2e.accounts import Account
from tests.e2e.axe import Look, put_on
from tests.e2e.browser import DESKTOP, PHONE, Person, chromium
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions
from voip.service.web import create_app, page_folder

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SAID = (
    ("Ada Lovelace", "Shall we talk it over at four?"),
    ("Grace Hopper", "The nightly build is green again."),
    ("Alan Turing", "I have sent you the recording."),
)


async def take(folder: Path, languages: Sequence[str]) -> None:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options = SynapseOptions(temporary, free_port(), extra_config=LIMITS_LIFTED)
        synapse = SynapseProcess(options)
        await asyncio.to_thread(synapse.start)
        stack.callback(synapse.stop)
        runner = web.AppRunner(create_app(page_folder(), homeserver=synapse.url))
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        browser = await stack.enter_async_context(chromium())
        me, others = await asyncio.to_thread(_people, synapse)
        person, other = await _signed_in(browser, url, me), await _signed_in(browser, url, others)
        await _views(Album(folder, languages), browser, url, person, other)


def _people(synapse: SynapseProcess) -> tuple[User, User]:
    """Mary, who has three conversations, and Ada, who calls her."""
    numbers = itertools.count()

    def account(name: str) -> Account:
        localpart = f"{name.split(maxsplit=1)[0].lower()}{next(numbers) or ''}"
        synapse.register(localpart, "a password for pictures")
        user = User(localpart, "a password for pictures", f"@{localpart}:{synapse.server_name}")
        made = Account.of(synapse, user)
        made.request("PUT", f"/profile/{user.user_id}/displayname", {"displayname": name})
        return made

    mary = account("Mary Somerville")
    accounts = [account(name) for name, _ in SAID]
    for other, (_, words) in zip(reversed(accounts), reversed(SAID), strict=True):
        room_id = other.direct_room(mary, encrypted=False)
        other.send(room_id, {"msgtype": "m.text", "body": words})
    team = accounts[1].room(name="Analytical Engine", invite=[mary])
    mary.request("POST", f"/join/{team}", {})
    accounts[1].send(team, {"msgtype": "m.text", "body": "Minutes are in the folder."})
    return mary.user, accounts[0].user


async def _signed_in(browser: Browser, url: str, user: User) -> Person:
    person = await Person.open(browser, url)
    await person.sign_in(user.localpart, user.password)
    return person


class Album:
    """Takes one view in each look."""

    def __init__(self, folder: Path, languages: Sequence[str]) -> None:
        self._folder = folder
        self._languages = languages

    async def take(self, person: Person, view: str) -> None:
        for language in self._languages:
            for look, size, dark in (
                ("light", DESKTOP, False),
                ("dark", DESKTOP, True),
                ("phone", PHONE, False),
            ):
                await put_on(person.page, Look(dark, size, language))
                await person.page.wait_for_timeout(400)  # the picture is drawn anew
                name = "-".join(["page", view, look, *([language] if language != "en" else [])])
                await person.page.screenshot(path=self._folder / f"{name}.jpg", quality=85)
                print(f"{name}.jpg", flush=True)
        await put_on(person.page, Look(False, DESKTOP, "en"))


async def _views(album: Album, browser: Browser, url: str, person: Person, other: Person) -> None:
    sign_in = await Person.open(browser, url)
    await expect(sign_in.at("signin")).to_be_visible()
    await album.take(sign_in, "signin")
    await album.take(person, "list")
    await person.at("menu").click()
    await album.take(person, "menu")
    await person.at("menu").click()
    for each, name in ((person, "Ada Lovelace"), (other, "Mary Somerville")):
        await each.at("room").filter(has_text=name).click()
        await expect(each.at("room-name")).to_be_visible()
    await album.take(person, "room")
    await other.call(video=True)
    await person.wait_ringing()
    await album.take(person, "ringing")
    await person.answer(video=True)
    await person.wait_phase("connected")
    await person.wait_packets(50)
    await album.take(person, "call")
    await person.hang_up()


if __name__ == "__main__":
    to, *named = sys.argv[1:] or [str(IMAGES)]
    sys.exit(asyncio.run(take(Path(to), named or ["en"])))
