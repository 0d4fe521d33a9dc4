"""One person who calls a hundred times at once, and another who wants to leave a message."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.conftest import SHORT, Exchange, browser_invite, eventually, posts
from tests.matrix.conftest import Person
from voip.bot.caller_limits import CallerLimits
from voip.bot.door import TEXTS, DoorSettings, Refusal
from voip.bot.phone import Phone
from voip.bot.runner import BotSettings, RunningBot, running_bot
from voip.media.sounds import Tone

CALLS = 100
HANGUP = "m.call.hangup"


def settings(exchange: Exchange, at_once: int | None) -> BotSettings:
    door = DoorSettings(callers=CallerLimits(at_once=at_once))
    phone = exchange.settings("bot")
    return BotSettings(phone, recorder=SHORT, max_calls=2 * CALLS, door=door)


async def flood(eve: Person, room: str) -> None:
    invites = [browser_invite(f"flood{number}") for number in range(CALLS)]
    await asyncio.gather(*(eve.say(room, "m.call.invite", one, deadline=100.0) for one in invites))


async def leave_a_message(phone: Phone, bot: RunningBot) -> None:
    room = await phone.matrix.direct_room(bot.phone.user_id)
    call = await phone.place(room, invitee=bot.phone.user_id)
    await call.established()
    await asyncio.sleep(1)  # the greeting and the tone
    await call.play(Tone(seconds=1.0))
    call.hang_up()
    (post,) = await posts(phone, room)
    assert post.encrypted


def answered(eve: Person) -> set[str]:
    return {str(one.content["call_id"]) for one in eve.calls() if one.type == "m.call.answer"}


def declined(eve: Person) -> set[str]:
    """What was answered ends too, as no media come, but by a hangup."""
    return {str(one.content["call_id"]) for one in eve.calls() if one.type == "m.call.reject"}


@pytest.mark.long
async def test_all_but_a_few_are_declined_and_nobody_else_suffers(
    exchange: Exchange, eve: Person
) -> None:
    bob = await exchange.phone("bob")
    async with running_bot(settings(exchange, at_once=3)) as bot:
        room = await eve.edge.direct_room(bot.phone.user_id)
        await asyncio.gather(flood(eve, room), leave_a_message(bob, bot))
        await eve.until(lambda _: len(answered(eve) | declined(eve)) == CALLS)
        assert not answered(eve) & declined(eve)
        assert 3 <= len(answered(eve)) < 10, "at most three at a time, and those end by themselves"
        assert bot.door.refused == {Refusal.CALLER_AT_ONCE: len(declined(eve))}
        everything = 10 * CALLS  # events of calls come between, encrypted as messages are
        recent = await eve.edge.recent_messages(room, everything)
        told = [one.content["body"] for one in recent]
        assert told == [TEXTS[Refusal.CALLER_AT_ONCE]]


@pytest.mark.long
async def test_where_nobody_is_limited_all_are_answered_and_end(
    exchange: Exchange, eve: Person
) -> None:
    bob = await exchange.phone("bob")
    async with running_bot(settings(exchange, at_once=None)) as bot:
        room = await eve.edge.direct_room(bot.phone.user_id)
        await flood(eve, room)
        await eve.until(lambda _: len(answered(eve)) == CALLS)
        await leave_a_message(bob, bot)
        for name in answered(eve):
            await eve.say(room, HANGUP, {"call_id": name, "version": "1", "party_id": "eve"})

        async def nobody() -> bool:
            return bot.live == 0

        await eventually(nobody)
