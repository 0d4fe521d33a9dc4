"""The main job: a person calls the recorder, speaks, and finds the recording in the room."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.async_api import Browser, expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.accounts import Account
from tests.e2e.browser import PATIENCE, Person, chromium
from tests.e2e.microphone import give_voice, speak
from tests.media.audio import RATE, Samples, decode, rms, speech
from tests.media.calls import until
from voip.bot.runner import RunningBot
from voip.service.demo.likeness import likeness


async def test_what_a_person_says_is_in_the_file_and_in_the_encrypted_room(
    browser: Browser, exchange: Exchange, page_url: str, make_user: MakeUser
) -> None:
    bot, user = await exchange.bot(), make_user()
    person = await Person.open(browser, page_url)
    await person.sign_in(user.localpart, user.password)
    await person.start_chat(bot.phone.user_id)
    await speak_until_the_bot_hangs_up(person, bot)


@pytest.mark.long
async def test_what_a_person_says_is_in_the_file_and_in_the_plain_room(
    browser: Browser, exchange: Exchange, page_url: str, account: Callable[[], Account]
) -> None:
    bot, caller = await exchange.bot(), account()
    plain_room(caller, bot.phone.user_id)
    person = await Person.open(browser, page_url)
    await person.sign_in(caller.user.localpart, caller.user.password)
    await person.open_person(bot.phone.user_id)
    await speak_until_the_bot_hangs_up(person, bot)


async def speak_until_the_bot_hangs_up(person: Person, bot: RunningBot) -> None:
    """Calls the recorder from the open room, and finds what was said where it belongs."""
    await expect(person.at("call-voice")).to_be_enabled()
    await give_voice(person.page, speech())
    await person.call()
    await person.wait_phase("connected")
    await until(lambda: any(bot.phone.recordings.glob("*/audio*")), PATIENCE)
    await speak(person.page)
    # Nobody speaks any more, so the bot hangs up.
    assert (await person.wait_call_over()).startswith("Call ended after 0:")
    await person.wait_recording(bot.phone.user_id)
    assert await person.play_recording(bot.phone.user_id) > 0
    person.assert_clean()
    (file,) = bot.phone.recordings.glob("*/audio.ogg")
    assert_said(decode(file), speech())


def assert_said(heard: Samples, said: Samples) -> None:
    """Each second that sounds is of what was said. A browser that gets no time says less of it:
    that nothing is lost on the way is tested where the sender is ours (tests/bot/test_bots.py)."""
    seconds = [heard[at : at + RATE] for at in range(0, len(heard) - RATE, RATE)]
    sounding = [one for one in seconds if rms(one) > 500]
    assert sounding
    assert min(likeness(one, RATE, said, RATE) for one in sounding) > 0.8


def plain_room(account: Account, bot_id: str) -> None:
    """A direct room without encryption; the bot joins by itself."""
    room_id = account.request(
        "POST", "/createRoom", {"preset": "private_chat", "is_direct": True, "invite": [bot_id]}
    )["room_id"]
    account.request(
        "PUT", f"/user/{account.user.user_id}/account_data/m.direct", {bot_id: [room_id]}
    )


async def test_a_video_call_is_recorded_and_plays_in_the_room(
    exchange: Exchange, page_url: str, make_user: MakeUser
) -> None:
    bot = await exchange.bot()
    user = make_user()
    async with chromium() as browser:
        person = await Person.open(browser, page_url)
        await person.sign_in(user.localpart, user.password)
        await person.start_chat(bot.phone.user_id)
        await person.call(video=True)
        await person.wait_phase("connected")
        await person.page.wait_for_timeout(4000)  # what is filmed takes its time
        await person.hang_up()
        await person.wait_call_over()
        await person.at("open-clip").click()
        await expect(person.at("clip")).not_to_have_js_property("videoWidth", 0)
        person.assert_clean()
