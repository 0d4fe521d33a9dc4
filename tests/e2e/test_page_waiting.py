"""Several calls in one page: call waiting, hold, swap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join


class Three(NamedTuple):
    """Bob and Carol each have a room with Ann, and Bob is in a call with her."""

    ann: Person
    bob: Person
    carol: Person
    names: tuple[str, str, str]


@pytest.fixture
async def three(account: Callable[[], Account], join: Join) -> Three:
    accounts = account(), account(), account()
    ann, *others = accounts
    rooms = [ann.direct_room(each) for each in others]
    people = await asyncio.gather(*(join(each.user) for each in accounts))
    for person, room_id in zip(people[1:], rooms, strict=True):
        await person.open_room(room_id)
    ann_, bob, carol = people
    await bob.call()
    await ann_.answer()
    await ann_.wait_phase("connected")
    localparts = tuple(each.user.localpart for each in accounts)
    return Three(ann_, bob, carol, localparts)  # type: ignore[arg-type]  # three of them


async def test_a_second_caller_waits_is_answered_and_the_first_is_held(three: Three) -> None:
    ann, bob, carol, (_, bobs, carols) = three
    await carol.call()
    assert await ann.wait_ringing() == carols
    await ann.answer()
    await carol.wait_phase("connected")
    await expect(ann.at("call-peer")).to_have_text(carols)
    await expect(ann.at("held-peer")).to_have_text(bobs)
    await expect(bob.at("call-status")).to_contain_text("put you on hold")
    await carol.wait_packets(20)
    # Swapped: Bob talks again, Carol waits.
    await ann.at("swap").click()
    await expect(ann.at("call-peer")).to_have_text(bobs)
    await expect(bob.at("call-status")).not_to_contain_text("hold")
    await expect(carol.at("call-status")).to_contain_text("put you on hold")
    before = await bob.stats()
    await bob.wait_packets(before.received + 50)
    # After Bob, the one who waits is at hand.
    await bob.hang_up()
    await expect(ann.at("call-peer")).to_have_text(carols)
    await expect(ann.at("call")).to_have_attribute("data-held", "true")
    await ann.at("hold").click()
    await expect(carol.at("call-status")).not_to_contain_text("hold")
    await carol.hang_up()
    assert (await ann.wait_call_over()).startswith("Call ended after 0:")


@pytest.mark.long
async def test_a_call_that_another_device_answers_says_so_here(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    ann, laptop, phone = await asyncio.gather(join(a.user), join(b.user), join(b.user))
    await ann.open_room(room_id)
    await ann.call()
    await phone.wait_ringing()
    await laptop.answer()
    await laptop.wait_phase("connected")
    await expect(phone.at("incoming")).to_have_count(0)
    assert await phone.notice() == "You answered this call on another device."
    await laptop.hang_up()
    await ann.wait_call_over()
    # Neither missed: one device of the person answered.
    await expect(phone.at("missed")).to_have_count(0)
