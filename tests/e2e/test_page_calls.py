"""Person calls person, in two pages on one homeserver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join


class Pair(NamedTuple):
    """Two people with a room of their own open."""

    caller: Person
    callee: Person
    room_id: str
    account: Account


@pytest.fixture
async def pair(account: Callable[[], Account], join: Join) -> Pair:
    a, b = account(), account()
    room_id = a.direct_room(b)
    caller, callee = await asyncio.gather(join(a.user), join(b.user))
    await asyncio.gather(caller.open_room(room_id), callee.open_room(room_id))
    return Pair(caller, callee, room_id, a)


async def test_voice_call_carries_sound_both_ways_until_the_caller_hangs_up(pair: Pair) -> None:
    await pair.caller.call()
    assert await pair.callee.wait_ringing() == pair.account.user.localpart
    await pair.callee.answer()
    for person in (pair.caller, pair.callee):
        await person.wait_phase("connected")
        assert (await person.wait_packets(50)).route == "direct"
    await expect(pair.caller.at("call-timer")).not_to_have_text("0:00")
    await pair.caller.at("camera").click()  # a voice call grows into a video call
    await expect(pair.callee.at("call")).to_have_attribute("data-peer-video", "true")
    await pair.caller.hang_up()
    for person in (pair.caller, pair.callee):
        assert (await person.wait_call_over()).startswith("Call ended after 0:")


async def test_video_call_plays_the_other_side_until_the_callee_hangs_up(pair: Pair) -> None:
    await pair.caller.call(video=True)
    await pair.callee.answer(video=True)
    for person in (pair.caller, pair.callee):
        await person.wait_phase("connected")
        await person.wait_packets(50)
        await expect(person.at("call")).to_have_attribute("data-peer-video", "true")
        await expect(person.at("remote-video")).to_have_js_property("paused", False)
        await expect(person.at("remote-video")).to_have_js_property("videoWidth", 640)
        assert (await person.stats()).frames > 0
    await pair.callee.hang_up()
    for person in (pair.caller, pair.callee):
        assert (await person.wait_call_over()).startswith("Call ended after 0:")


async def test_mute_and_camera_off_are_seen_by_the_other_side(pair: Pair) -> None:
    await pair.caller.call(video=True)
    await pair.callee.answer(video=True)
    await pair.callee.wait_phase("connected")
    stage = pair.callee.at("call")
    await expect(stage).to_have_attribute("data-peer-video", "true")
    await pair.caller.at("camera").click()
    await expect(stage).to_have_attribute("data-peer-video", "false")
    await pair.caller.at("mute").click()
    await expect(stage).to_contain_text("Muted")
    await pair.caller.at("mute").click()
    await expect(stage).not_to_contain_text("Muted")
    await pair.caller.at("camera").click()
    await expect(stage).to_have_attribute("data-peer-video", "true")


async def test_a_declined_call_says_so_on_both_sides(pair: Pair) -> None:
    await pair.caller.call()
    await pair.callee.decline()
    name = await pair.caller.at("room-name").inner_text()
    assert await pair.caller.wait_call_over() == f"{name} declined the call."
    assert await pair.callee.notice() == "You declined the call."
    await expect(pair.caller.at("call-line").last).to_contain_text("declined")


async def test_a_call_cancelled_while_it_rings_is_a_missed_call(pair: Pair) -> None:
    await pair.caller.call()
    name = await pair.callee.wait_ringing()
    await pair.caller.hang_up()
    assert await pair.caller.wait_call_over() == "Call cancelled."
    await expect(pair.callee.at("incoming")).to_have_count(0)
    assert await pair.callee.notice() == f"You missed a call from {name}."
    await expect(pair.callee.at("call-line").last).to_contain_text("Missed voice call")


@pytest.mark.long
async def test_a_second_caller_can_be_answered_by_ending_the_first_call(
    pair: Pair, account: Callable[[], Account], join: Join
) -> None:
    third = account()
    room_id = third.direct_room(Account.of(pair.account.synapse, pair.account.user))
    person = await join(third.user)
    await person.open_room(room_id)
    await pair.caller.call()
    await pair.callee.answer()
    await pair.caller.wait_phase("connected")
    await person.call()
    assert await pair.caller.wait_ringing() == third.user.localpart
    await pair.caller.at("answer-end").click()
    await person.wait_phase("connected")
    assert (await pair.callee.wait_call_over()).startswith("Call ended after")
    await expect(pair.caller.at("call-peer")).to_have_text(third.user.localpart)


async def test_an_encrypted_room_made_by_the_page_carries_a_call(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    caller, callee = await join(a.user), await join(b.user)
    await caller.start_chat(b.user.user_id)
    await expect(caller.at("call-obstacle")).to_contain_text("accepted your invitation")
    await callee.accept_invite()
    await caller.call()
    await callee.answer()
    for person in (caller, callee):
        await person.wait_phase("connected")
        await person.wait_packets(50)
    await caller.hang_up()
    await callee.wait_call_over()
    room_id = await caller.at("room").get_attribute("data-room") or ""
    types = a.event_types(room_id)
    assert "m.room.encrypted" in types
    assert not [each for each in types if each.startswith("m.call")]


@pytest.mark.long
async def test_two_people_who_call_each_other_at_once_talk(pair: Pair) -> None:
    await asyncio.gather(pair.caller.call(), pair.callee.call())
    for person in (pair.caller, pair.callee):
        await person.wait_phase("connected")
        await person.wait_packets(20)
    await pair.callee.hang_up()
    for person in (pair.caller, pair.callee):
        assert (await person.wait_call_over()).startswith("Call ended after 0:")
