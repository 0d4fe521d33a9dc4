"""Digits that are pressed in the page arrive at our bot; what the bot says of itself is shown."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import SMALL_PHONE
from tests.e2e.conftest import Join
from tests.e2e.lines import PATIENCE
from voip.bot.call import Call

KEYS = "19*#0055"


async def test_keys_arrive_as_digits(exchange: Exchange, join: Join, make_user: MakeUser) -> None:
    served: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    async def flow(call: Call) -> None:
        await call.answer()
        served.set_result(call)
        await call.ended()

    bot = await exchange.bot(flow=flow)
    person = await join(make_user())
    await person.start_chat(bot.phone.user_id)
    await person.call()
    await person.wait_phase("connected")
    call = await asyncio.wait_for(served, PATIENCE)
    # Half with the keyboard and half with the mouse, faster than tones last.
    await person.at("keypad").click()
    await expect(person.at("keys")).to_be_visible()
    await person.page.keyboard.type(KEYS[:4])
    for key in KEYS[4:]:
        await person.at(f"key-{key}").click()
    await expect(person.at("keys-pressed")).to_have_text(KEYS)
    arrived = [await asyncio.wait_for(call.digit(), PATIENCE) for _ in KEYS]
    assert "".join(arrived) == KEYS
    # On the smallest phone too the call can be ended while the keypad is open.
    await person.page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    await expect(person.at("hang-up")).to_be_in_viewport(ratio=1)
    await person.assert_fits()
    await person.page.keyboard.press("Escape")
    await expect(person.at("keys")).to_have_count(0)

    call.assert_identity("@boss:example.org", "The \u202e<b>Boss</b>")
    await expect(person.at("said-to-be")).to_have_text("says it is The <b>Boss</b>")
    call.assert_identity(None, None)
    await expect(person.at("said-to-be")).to_have_count(0)
    await person.hang_up()
    await person.wait_call_over()
