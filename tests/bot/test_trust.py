"""Calls from devices that their owner has not verified, on the real homeserver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.bot.conftest import Exchange, eventually
from voip.bot.call import Call
from voip.bot.caller import CallOrder, CallReport, place_call
from voip.bot.phone import Phone
from voip.bot.runner import RunningBot
from voip.bot.trust import NOTICES_AT_MOST, NOTICES_PER, Notices, SendingDevices, Unverified
from voip.matrix.cross_signing import PrivateIdentity
from voip.matrix.http import path
from voip.matrix.identity import IdentityState
from voip.signalling.commands import EndReason
from voip.signalling.events import Received
from voip.signalling.ids import CallKey

ROOM = "!r:x"


async def talk(call: Call) -> None:
    await call.answer()
    call.hang_up()


async def wait(call: Call) -> None:
    await call.answer()
    await call.ended()


async def call(phone: Phone, bot: RunningBot) -> CallReport:
    return await place_call(phone, CallOrder(bot.phone.user_id, seconds=5))


async def notices(phone: Phone, room_id: str) -> list[str]:
    """Texts in a room, oldest first."""
    messages = await phone.matrix.recent_messages(room_id)
    return [str(message.content["body"]) for message in messages[::-1]]


async def told(phone: Phone, room_id: str) -> list[str]:
    async def any_of_them() -> bool:
        return bool(await notices(phone, room_id))

    await eventually(any_of_them)
    return await notices(phone, room_id)


async def looked_at_itself(phone: Phone, state: IdentityState) -> None:
    async def looked() -> bool:
        return phone.matrix.identity.state is not IdentityState.UNKNOWN

    await eventually(looked)
    assert phone.matrix.identity.state is state


async def unsigned(exchange: Exchange, name: str) -> Phone:
    """The phone of somebody who has verified other devices, but not this one."""
    phone = await exchange.phone(name, identity=PrivateIdentity.generate())
    await looked_at_itself(phone, IdentityState.UNSIGNED)
    return phone


async def test_an_unverified_device_is_declined_and_told_why(exchange: Exchange) -> None:
    bot = await exchange.bot(flow=talk, unverified=Unverified.REFUSE)
    ann = await unsigned(exchange, "ann")
    report = await call(ann, bot)
    assert (report.ok, report.reason) == (False, EndReason.REJECTED.value)
    (notice,) = await told(ann, report.room_id)
    assert f"a device that {ann.user_id} has not verified" in notice
    assert "verify the device" in notice


async def test_a_verified_device_is_answered_where_others_are_declined(exchange: Exchange) -> None:
    bot = await exchange.bot(flow=talk, unverified=Unverified.REFUSE)
    ann = await exchange.phone("ann")
    await looked_at_itself(ann, IdentityState.SIGNED)
    report = await call(ann, bot)
    assert report.ok, report.reason
    assert await notices(ann, report.room_id) == []


async def test_an_unverified_device_is_answered_with_a_warning_and_warned_of_once(
    exchange: Exchange,
) -> None:
    bot = await exchange.bot(flow=talk, unverified=Unverified.WARN)
    ann = await unsigned(exchange, "ann")
    first, second = await call(ann, bot), await call(ann, bot)
    assert first.ok, first.reason
    assert second.ok, second.reason
    (notice,) = await told(ann, first.room_id)
    assert notice == f"The call is from a device that {ann.user_id} has not verified."


async def test_by_default_nobody_is_asked(exchange: Exchange) -> None:
    bot = await exchange.bot(flow=talk)
    ann = await unsigned(exchange, "ann")
    report = await call(ann, bot)
    assert report.ok, report.reason
    assert await notices(ann, report.room_id) == []


async def test_in_a_plain_room_no_device_can_be_told(exchange: Exchange) -> None:
    bot = await exchange.bot(flow=talk, unverified=Unverified.REFUSE)
    ann = await exchange.phone("ann")
    body = {"preset": "private_chat", "invite": [bot.phone.user_id]}
    room = str((await ann.matrix.session.request("POST", path("createRoom"), body=body))["room_id"])
    await ann.matrix.rooms.known(room, 10)
    assert await ann.matrix.rooms.joined(room, bot.phone.user_id, 10)
    report = await place_call(ann, CallOrder(room, seconds=5))
    assert report.reason == EndReason.REJECTED.value
    (notice,) = await told(ann, room)
    assert "not encrypted" in notice


async def test_a_new_device_during_a_call_is_told_to_the_room(exchange: Exchange) -> None:
    bot, ann = await exchange.bot(flow=wait), await exchange.phone("ann")
    await looked_at_itself(ann, IdentityState.SIGNED)
    room = await ann.matrix.direct_room(bot.phone.user_id)
    placed = await ann.place(room, invitee=bot.phone.user_id)
    await placed.established()
    matrix = ann.settings.matrix
    again = replace(ann.settings, data_dir=matrix.data_dir.parent / "second")
    again = replace(again, matrix=replace(matrix, data_dir=again.data_dir / "matrix"))
    async with Phone(again) as second:
        assert second.matrix.device_id != ann.matrix.device_id
        (notice,) = await told(ann, room)
    assert notice == f"{ann.user_id} has a new device: its owner has not verified it."
    placed.hang_up()
    await placed.closed()


# --- without a homeserver ---------------------------------------------------------------------


def test_a_notice_is_given_once_and_not_too_many_in_one_room() -> None:
    said: list[tuple[str, str]] = []
    now = 0.0
    posts = Notices(lambda room, text: said.append((room, text)), lambda: now)
    for number in range(NOTICES_AT_MOST + 3):
        posts.say(ROOM, f"device {number}", str(number))
        posts.say(ROOM, f"device {number}", "again")
    assert said == [(ROOM, str(number)) for number in range(NOTICES_AT_MOST)]
    posts.say("!other:x", "device 0", "other")
    assert said[-1] == ("!other:x", "other")
    now = NOTICES_PER + 1
    posts.say(ROOM, "late", "late")
    assert said[-1] == (ROOM, "late")


def received(key: str | None, call_id: object = "c", **changes: Any) -> Received:
    fields: dict[str, Any] = {
        "room_id": ROOM,
        "event_id": "$1",
        "sender": "@ann:x",
        "type": "m.call.invite",
        "content": {"call_id": call_id},
        "age": 0.0,
        "encrypted": key is not None,
        "room_encrypted": True,
        "room_public": False,
        "device_key": key,
    }
    return Received(**fields | changes)


def test_the_first_device_that_sends_an_invite_is_the_one_that_calls() -> None:
    devices = SendingDevices()
    for event in (
        received(None),
        received("first"),
        received("second"),
        received("eves", sender="@eve:x"),
        received("odd", call_id=7),
        received("other", type="m.call.answer"),
    ):
        devices.note(event)
    key = CallKey(ROOM, "c")
    assert devices.take(key, "@ann:x") == "first"
    assert devices.take(key, "@eve:x") == "eves"
    assert devices.take(key, "@ann:x") is None


@pytest.mark.parametrize("count", [5000])
def test_what_is_kept_of_invites_is_bounded(count: int) -> None:
    devices = SendingDevices()
    for number in range(count):
        devices.note(received("key", call_id=str(number)))
    assert len(devices._keys) == 1000
    assert devices.take(CallKey(ROOM, str(count - 1)), "@ann:x") == "key"
