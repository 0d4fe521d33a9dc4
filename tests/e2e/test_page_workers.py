"""A person in Chromium calls a bot whose media are in worker processes."""

from __future__ import annotations

from playwright.async_api import Browser

from tests.bot.conftest import Exchange
from tests.bot.test_workers import pool_of
from tests.conftest import MakeUser
from tests.e2e.browser import PATIENCE, Person
from tests.e2e.test_page_recorder import speak_until_the_bot_hangs_up
from tests.media.audio import RATE, decode, rms
from tests.media.calls import until
from tests.media.workers.pools import kill, worker_of


async def test_what_a_person_says_is_recorded_by_a_worker(
    browser: Browser, exchange: Exchange, page_url: str, make_user: MakeUser
) -> None:
    bot, user = await exchange.bot(workers=2), make_user()
    person = await Person.open(browser, page_url)
    await person.sign_in(user.localpart, user.password)
    await person.start_chat(bot.phone.user_id)
    await speak_until_the_bot_hangs_up(person, bot)


async def test_a_killed_worker_ends_the_call_in_the_browser_and_the_recording_is_there(
    browser: Browser, exchange: Exchange, page_url: str, make_user: MakeUser
) -> None:
    """Chromium's own fake microphone beeps once a second."""
    bot, user = await exchange.bot(workers=2), make_user()
    person = await Person.open(browser, page_url)
    await person.sign_in(user.localpart, user.password)
    await person.start_chat(bot.phone.user_id)
    await person.call()
    await person.wait_phase("connected")
    await until(lambda: any(bot.phone.recordings.glob("*/audio*")), PATIENCE)
    await person.page.wait_for_timeout(6000)  # some beeps
    media = pool_of(bot.phone)
    (key,) = media._calls
    kill(worker_of(media, key))
    await person.wait_call_over()
    await person.wait_recording(bot.phone.user_id)
    assert await person.play_recording(bot.phone.user_id) > 0
    person.assert_clean()
    (file,) = bot.phone.recordings.glob("*/audio.ogg")
    heard = decode(file)
    assert len(heard) > RATE
    assert rms(heard) > 100
