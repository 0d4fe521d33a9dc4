"""Calls that are handed over (MSC2747): by the page, and to the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join
from voip.bot.call import Call, CallEnded
from voip.bot.transfers import TransferError
from voip.media.sounds import Tone


async def choose(person: Person, user_id: str, button: str) -> None:
    """In the open dialog: finds the user and presses that button beside them."""
    await person.at("transfer-search").fill(user_id)
    found = person.page.locator(f'[data-testid="person"][data-user="{user_id}"]')
    await found.get_by_test_id(button).click()


async def talk(caller: Person, callee: Person) -> None:
    await caller.call()
    await callee.answer()
    for person in (caller, callee):
        await person.wait_phase("connected")


async def test_the_bot_hands_the_page_over(
    exchange: Exchange, join: Join, make_user: MakeUser
) -> None:
    third = await exchange.phone("carol")
    answered: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    tasks: list[asyncio.Task[None]] = []

    async def answer(call: Call) -> None:
        await call.answer()
        answered.set_result(call)
        await call.play(Tone(seconds=30))

    third.on_call = lambda call: tasks.append(asyncio.create_task(answer(call)))
    refused: list[TransferError] = []

    async def flow(call: Call) -> None:
        await call.answer()
        try:
            await call.transfer(third.user_id)
        except TransferError as error:
            refused.append(error)
        await call.transfer(third.user_id)

    bot = await exchange.bot(flow=flow)
    person = await join(make_user())
    await person.start_chat(bot.phone.user_id)
    await person.call()
    # The person stays, is asked once more, and goes along.
    await expect(person.at("transfer-target")).to_be_visible()
    await person.at("transfer-decline").click()
    await expect(person.at("transfer-asked")).to_have_count(0)
    await expect(person.at("transfer-asked")).to_be_visible()
    await person.at("transfer-agree").click()
    new = await asyncio.wait_for(answered, 30)
    await person.wait_phase("connected")
    await expect(person.at("held")).to_have_count(0)
    assert len(refused) == 1
    assert "declined" in str(refused[0])
    await person.wait_packets(50)
    new.hang_up()
    await person.wait_call_over()
    for task in tasks:
        with pytest.raises(CallEnded):
            await task


@pytest.mark.long
async def test_a_person_hands_a_person_over_without_asking(
    account: Callable[[], Account], join: Join
) -> None:
    a, b, c = account(), account(), account()
    room_ab = a.direct_room(b)
    b.direct_room(c)
    ann, bob, carol = await asyncio.gather(*(join(each.user) for each in (a, b, c)))
    await ann.open_room(room_ab)
    await talk(ann, bob)
    await ann.at("transfer").click()
    await choose(ann, c.user.user_id, "transfer-now")
    assert await ann.wait_call_over() == f"{b.user.localpart} was transferred."
    await expect(bob.at("transfer-target")).to_have_text(c.user.localpart)
    await bob.at("transfer-agree").click()
    assert await carol.wait_ringing() == b.user.localpart
    await carol.answer()
    for person in (bob, carol):
        await person.wait_phase("connected")
        await person.wait_packets(20)
    assert await bob.notice() == f"You are now connected with {c.user.localpart}."
    await carol.hang_up()
    await bob.wait_call_over()


@pytest.mark.long
async def test_a_person_connects_two_calls(account: Callable[[], Account], join: Join) -> None:
    """Attended: the one who is handed over calls, the other one awaits that call."""
    a, b, c = account(), account(), account()
    room_ab = a.direct_room(b)
    a.direct_room(c)
    ann, bob, carol = await asyncio.gather(*(join(each.user) for each in (a, b, c)))
    await ann.open_room(room_ab)
    await talk(ann, bob)
    await ann.at("transfer").click()
    await choose(ann, c.user.user_id, "call-first")
    await carol.answer()
    await ann.wait_phase("connected")
    await expect(bob.at("call-status")).to_contain_text("put you on hold")
    await ann.at("connect-both").click()
    await expect(ann.at("call")).to_have_count(0)
    # Bob and Carol have no room yet: one is made, and joined because it was agreed to.
    await bob.at("transfer-agree").click()
    await carol.at("transfer-agree").click()
    for person, other in ((bob, c), (carol, b)):
        await expect(person.at("call-peer")).to_have_text(other.user.localpart)
        await person.wait_phase("connected")
        await expect(person.at("held")).to_have_count(0)
        await person.wait_packets(20)
    await bob.hang_up()
    await carol.wait_call_over()
