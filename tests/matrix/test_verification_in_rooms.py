"""A request to verify us that comes in a room: encrypted, or as matrix-js-sdk sends it in an
encrypted room too, in the clear."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.matrix.conftest import MakePerson, Person
from voip.matrix.http import Json

REQUEST = "m.key.verification.request"


def request(to: str) -> Json:
    return {
        "msgtype": REQUEST,
        "body": "Please verify me.",
        "from_device": "ANN",
        "methods": ["m.sas.v1"],
        "to": to,
    }


def watched(person: Person) -> asyncio.Queue[Json]:
    """What the verifier of this person is given."""
    events: asyncio.Queue[Json] = asyncio.Queue()
    person.edge._intake.on_verification = events.put_nowait
    return events


@pytest.mark.parametrize("clear", [True, False])
async def test_whoever_compares_emoji_is_told(clear: bool, person: MakePerson) -> None:
    ann, bot = await person(), await person(verifies=True)
    events = watched(bot)
    room = await ann.invite_into_room(bot, encrypted=True)
    content = request(bot.user.user_id)
    if clear:
        await ann.ask("PUT", "rooms", room, "send", "m.room.message", "1", body=content)
    else:
        await ann.say(room, "m.room.message", content)
    event = await asyncio.wait_for(events.get(), 20)
    assert (event["type"], event["sender"]) == (REQUEST, ann.user.user_id)
    assert event["room_id"] == room
    assert abs(event["content"]["timestamp"] / 1000 - time.time()) < 60
    step = {"m.relates_to": {"rel_type": "m.reference", "event_id": event["event_id"]}}
    kind = "m.key.verification.start"
    await ann.ask("PUT", "rooms", room, "send", kind, "2", body=step)
    event = await asyncio.wait_for(events.get(), 20)
    assert (event["type"], event["content"]) == (kind, step)


async def test_a_bot_does_not_read_what_people_write_for_it(person: MakePerson) -> None:
    ann, bot = await person(), await person()
    events = watched(bot)
    room = await ann.invite_into_room(bot, encrypted=False)
    await ann.say(room, "m.room.message", request(bot.user.user_id))
    await ann.say(room, "m.call.hangup", {"call_id": "c", "version": "1", "party_id": "p"})
    await bot.call_events(1)
    assert events.empty()
