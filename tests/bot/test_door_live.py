"""The door with a real call: a person who is on the list."""

from __future__ import annotations

from tests.bot.conftest import Exchange
from tests.bot.test_trust import told
from voip.bot.access import AccessRules, parse
from voip.bot.call import Call
from voip.bot.caller import CallOrder, place_call
from voip.bot.door import TEXTS, Denied, DoorSettings, Refusal
from voip.bot.runner import BotSettings, running_bot
from voip.signalling.commands import EndReason


async def wait(call: Call) -> None:
    await call.answer()
    await call.ended()


async def test_who_is_on_the_list_is_declined_and_told(exchange: Exchange) -> None:
    eve = await exchange.phone("eve")
    door = DoorSettings(AccessRules(deny=(parse(eve.user_id),)), Denied.NOTICE)
    settings = BotSettings(exchange.settings("bot"), door=door)
    async with running_bot(settings, wait) as bot:
        report = await place_call(eve, CallOrder(bot.phone.user_id, seconds=5))
        assert report.reason == EndReason.REJECTED.value
        assert await told(eve, report.room_id) == [TEXTS[Refusal.DENIED]]
