"""Calls of all rooms in one list; who is there; whom the directory names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.browser import Person
from tests.e2e.conftest import Join


async def miss_a_call(caller: Person, callee: Person) -> None:
    await caller.call()
    await callee.wait_ringing()
    await caller.hang_up()
    await expect(callee.at("incoming")).to_have_count(0)


async def test_a_missed_call_is_counted_seen_and_called_back(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    ann, bob = await asyncio.gather(join(a.user), join(b.user))
    await ann.open_room(room_id)
    await miss_a_call(ann, bob)
    await expect(bob.at("missed")).to_contain_text("1 missed call")
    await expect(bob.page).to_have_title("(1) Calls")
    await bob.at("view-calls").click()
    past = bob.at("past")
    await expect(past).to_have_attribute("data-outcome", "missed")
    await expect(past).to_contain_text("Missed voice call")
    await expect(past).to_contain_text(a.user.localpart)
    await bob.at("call-back").click()
    assert await ann.wait_ringing() == b.user.localpart
    await ann.answer()
    await bob.wait_phase("connected")
    await expect(past).to_have_count(2)
    await bob.hang_up()
    await ann.wait_call_over()
    await expect(past.first).to_have_attribute("data-outcome", "talked")
    await bob.at("history-missed").click()
    await expect(past).to_have_count(1)
    # Looked at: it counts no more, after a reload neither.
    await bob.at("view-conversations").click()
    await expect(bob.at("missed")).to_have_count(0)
    await expect(bob.page).to_have_title("Calls")
    # Ann is online, as her homeserver says.
    await expect(bob.at("presence")).to_have_attribute("data-state", "online")


@pytest.mark.long
async def test_calls_from_before_are_fetched_when_asked_for(
    account: Callable[[], Account], join: Join
) -> None:
    a, b = account(), account()
    room_id = a.direct_room(b)
    call = {"call_id": "old", "version": "1", "party_id": "P"}
    offer = {"type": "offer", "sdp": "v=0\r\nm=audio 9 RTP/AVP 0\r\n"}
    a.send(room_id, {**call, "lifetime": 60_000, "offer": offer}, "m.call.invite")
    a.send(room_id, {**call, "reason": "user_hangup"}, "m.call.hangup")
    for number in range(70):
        a.send(room_id, {"msgtype": "m.text", "body": str(number)})
    bob = await join(b.user)
    await bob.at("view-calls").click()
    await expect(bob.at("past")).to_have_count(0)
    await bob.at("history-earlier").click()
    await expect(bob.at("past")).to_have_attribute("data-outcome", "missed")
    # It came before this browser was signed in: nothing that is new here.
    await expect(bob.at("missed")).to_have_count(0)


@pytest.mark.long
async def test_people_are_found_by_name_and_members_called_alone(
    account: Callable[[], Account], join: Join
) -> None:
    a, b, c = account(), account(), account()
    for each, name in ((b, "Berta Ünique"), (c, "\u202e<img src=x onerror=alert(1)>")):
        path = f"/profile/{each.user.user_id}/displayname"
        each.request("PUT", path, {"displayname": name})
    a.direct_room(b)
    room_id = a.room(name="Team <script>alert(1)</script>", invite=[b, c])
    for each in (b, c):
        each.request("POST", f"/join/{room_id}", {})
    ann, bob = await asyncio.gather(join(a.user), join(b.user))
    # The directory knows whom we share a room with.
    await ann.at("new-chat").click()
    await ann.at("new-chat-user").fill("onerror")
    found = ann.page.locator(f'[data-testid="person"][data-user="{c.user.user_id}"]')
    await expect(found).to_contain_text("<img src=x onerror=alert(1)>")
    await ann.page.keyboard.press("Escape")

    await ann.open_room(room_id)
    await expect(ann.at("room-name")).to_have_text("Team <script>alert(1)</script>")
    await ann.at("room-people").click()
    berta = ann.page.locator(f'[data-testid="person"][data-user="{b.user.user_id}"]')
    await expect(berta).to_contain_text("Berta Ünique")
    await berta.get_by_test_id("call-member").click()
    assert await bob.wait_ringing() == a.user.localpart
    await bob.answer()
    await expect(ann.at("call-peer")).to_have_text("Berta Ünique")
    await ann.wait_phase("connected")
    await bob.hang_up()
    await ann.wait_call_over()
