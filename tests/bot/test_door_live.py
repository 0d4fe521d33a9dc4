"""The door with real calls: one person who calls in a flood, and a person who is on the list."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.conftest import Exchange
from tests.bot.test_trust import told
from voip.bot.access import AccessRules, parse
from voip.bot.call import Call
from voip.bot.caller import CallOrder, place_call
from voip.bot.caller_limits import CallerLimits
from voip.bot.door import TEXTS, Denied, DoorSettings, Refusal
from voip.bot.phone import Phone
from voip.bot.runner import Bot, BotSettings, running_bot
from voip.signalling.commands import EndReason


async def wait(call: Call) -> None:
    await call.answer()
    await call.ended()


async def reasons(phone: Phone, bot: Bot, count: int) -> list[EndReason | None]:
    """How so many calls at once ended; None: it goes on."""
    room = await phone.matrix.direct_room(bot.phone.user_id)
    calls = await asyncio.gather(
        *(phone.place(room, invitee=bot.phone.user_id) for _ in range(count))
    )
    ended = [asyncio.ensure_future(call.ended()) for call in calls]
    connected = [asyncio.ensure_future(call.established()) for call in calls]
    for one, other in zip(ended, connected, strict=True):
        await asyncio.wait({one, other}, return_when=asyncio.FIRST_COMPLETED)
    found = [call.end.reason if call.end is not None else None for call in calls]
    for call in calls:
        call.hang_up()
    await asyncio.gather(*(call.closed() for call in calls))
    await asyncio.gather(*ended, *connected, return_exceptions=True)
    return found


@pytest.mark.long
async def test_a_flood_by_one_person_leaves_room_for_another(exchange: Exchange) -> None:
    door = DoorSettings(callers=CallerLimits(at_once=2))
    settings = BotSettings(exchange.settings("bot"), door=door)
    async with running_bot(settings, wait) as bot:
        flood, ann = await exchange.phone("flood"), await exchange.phone("ann")
        found = await reasons(flood, bot, 10)
        assert sorted(map(str, found)) == sorted(map(str, [None] * 2 + [EndReason.REJECTED] * 8))
        assert bot.door.refused == {Refusal.CALLER_AT_ONCE: 8}
        room = await flood.matrix.direct_room(bot.phone.user_id)
        assert await told(flood, room) == [TEXTS[Refusal.CALLER_AT_ONCE]]
        report = await place_call(ann, CallOrder(bot.phone.user_id, seconds=0.2))
        assert report.ok, report.reason


async def test_who_is_on_the_list_is_declined_and_told(exchange: Exchange) -> None:
    eve = await exchange.phone("eve")
    door = DoorSettings(AccessRules(deny=(parse(eve.user_id),)), Denied.NOTICE)
    settings = BotSettings(exchange.settings("bot"), door=door)
    async with running_bot(settings, wait) as bot:
        report = await place_call(eve, CallOrder(bot.phone.user_id, seconds=5))
        assert report.reason == EndReason.REJECTED.value
        assert await told(eve, report.room_id) == [TEXTS[Refusal.DENIED]]
