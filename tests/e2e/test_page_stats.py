"""What the page shows of a connection while a call runs."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import SMALL_PHONE, Person
from voip.bot.runner import BotKind

ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]+:[0-9a-f:]+:[0-9a-f]+")


async def test_the_connection_is_seen(
    browser: Browser, exchange: Exchange, page_url: str, make_user: MakeUser, tmp_path: Path
) -> None:
    bot, user = await exchange.bot(BotKind.ECHO), make_user()
    person = await Person.open(browser, page_url)
    await person.sign_in(user.localpart, user.password)
    await person.start_chat(bot.phone.user_id)
    await person.call()
    await person.wait_phase("connected")
    await person.wait_packets(100)
    await person.at("open-stats").click()
    await expect(person.at("stat-path")).to_have_text("Direct, UDP")
    await expect(person.at("stat-sound")).to_have_text("opus")
    await expect(person.at("stat-incoming")).to_have_text(re.compile(r"[1-9]\d* kbit/s"))
    await expect(person.at("mos")).to_have_attribute("data-mos", re.compile(r"[1-4]\.\d\d"))
    graph = person.at("graph").first
    await expect(graph.locator("path")).to_have_attribute("d", re.compile(r"^M[\d.]+ [\d.]+L"))
    assert not ADDRESS.search(await person.at("stats-panel").inner_text())
    await person.page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    await person.assert_fits()
    await person.at("close-stats").click()
    await expect(person.at("stats-panel")).to_have_count(0)
    await person.hang_up()
    await person.wait_call_over()
    person.assert_clean()
