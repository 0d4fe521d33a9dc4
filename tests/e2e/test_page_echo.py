"""The call test: a person calls the echo bot and hears what they say."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import Person
from tests.e2e.microphone import give_voice, speak
from tests.media.audio import speech
from voip.bot.runner import BotKind

AUDIBLE = 0.02
# In readings of half a second. No pause between the words of the greeting is as long as this.
PAUSE = 4
READINGS = 60


async def test_a_person_hears_their_own_voice(
    browser: Browser, exchange: Exchange, page_url: str, make_user: MakeUser
) -> None:
    bot = await exchange.bot(BotKind.ECHO)
    user = make_user()
    person = await Person.open(browser, page_url)
    await person.sign_in(user.localpart, user.password)
    await person.start_chat(bot.phone.user_id)
    await give_voice(person.page, speech())
    await person.call()
    await person.wait_phase("connected")
    await listen(person, [True])
    await listen(person, [False] * PAUSE)  # The greeting and its tone are over.
    saying = asyncio.create_task(speak(person.page))
    await listen(person, [True])
    await saying
    await person.hang_up()
    await person.wait_call_over()
    person.assert_clean()


async def listen(person: Person, wanted: list[bool]) -> None:
    """Until it sounds, or is silent, for so many readings in turn."""
    heard: list[bool] = []
    for _ in range(READINGS):
        heard.append((await person.stats()).level > AUDIBLE)
        if heard[-len(wanted) :] == wanted:
            return
        await person.page.wait_for_timeout(500)
    raise AssertionError(f"never {wanted}: {heard}")
