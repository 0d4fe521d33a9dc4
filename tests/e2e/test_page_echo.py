"""The call test: a person calls the echo bot and hears what they say."""

from __future__ import annotations

from pathlib import Path

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import Person, chromium
from tests.e2e.test_page_recorder import spoken_into
from tests.media.audio import speech
from voip.bot.runner import BotKind

# Seconds; the bot's greeting and tone are over by then.
LEAD = 10.0
AUDIBLE = 0.02
# In readings of half a second.
PAUSE = 4
READINGS = 50


async def test_a_person_hears_their_own_voice(
    exchange: Exchange, page_url: str, make_user: MakeUser, tmp_path: Path
) -> None:
    bot = await exchange.bot(BotKind.ECHO)
    user = make_user()
    microphone = spoken_into(tmp_path / "microphone.wav", speech(), LEAD)
    async with chromium(microphone=microphone) as browser:
        person = await Person.open(browser, page_url)
        await person.sign_in(user.localpart, user.password)
        await person.start_chat(bot.phone.user_id)
        await person.call()
        await person.wait_phase("connected")
        assert await heard_again(person), "nothing was heard after the greeting"
        await person.hang_up()
        await person.wait_call_over()
        person.assert_clean()


async def heard_again(person: Person) -> bool:
    """Whether something sounds after the greeting has ended."""
    heard: list[bool] = []
    for _ in range(READINGS):
        await person.page.wait_for_timeout(500)
        heard.append((await person.stats()).level > AUDIBLE)
        # No pause between the words of the greeting is as long as the one that ends it.
        pauses = [at for at in range(len(heard)) if heard[at : at + PAUSE] == [False] * PAUSE]
        if any(any(heard[:at]) and any(heard[at:]) for at in pauses):
            return True
    return False
