"""A real homeserver with short tokens and its own rate limits (ten events, then 0.2 a second)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from tests.matrix.conftest import WITHIN, Person, invite, outgoing
from voip.matrix.errors import LoggedOutError, SendTimeoutError
from voip.matrix.folder import Folder
from voip.matrix.sends import AT_ONCE, Urgency
from voip.service.demo.synapse import SynapseProcess
from voip.signalling.events import Received

Make = Callable[[], Awaitable[Person]]
TOKEN_LIFETIME = 2.0


def stored(person: Person) -> dict[str, str]:
    file = Folder(person.settings.data_dir).session_file
    found: dict[str, str] = json.loads(file.read_text())
    return found


async def test_short_tokens_are_refreshed_and_a_lost_one_replaced_by_password(
    strict_person: Make,
) -> None:
    alice, bob = await strict_person(), await strict_person()
    room_id = await alice.invite_into_room(bob, encrypted=True)
    first = stored(alice)
    assert first["refresh_token"]
    await asyncio.sleep(TOKEN_LIFETIME)
    await alice.say(room_id, "m.call.invite", invite())
    await bob.call_events(1)
    second = stored(alice)
    assert second["access_token"] != first["access_token"]
    assert second["device_id"] == first["device_id"]

    # Without the refresh token the expired session is a soft logout: the password opens it again.
    await alice.stop()
    Folder(alice.settings.data_dir).session_file.write_text(
        json.dumps({**second, "refresh_token": None})
    )
    await asyncio.sleep(TOKEN_LIFETIME)
    again = Person(alice.user, alice.settings)
    try:
        await again.start()
        assert again.edge.device_id == first["device_id"]
        await again.say(room_id, "m.call.hangup", {"call_id": "c"})
        hangup = (await bob.call_events(2))[1]
        assert hangup.encrypted
    finally:
        await again.stop()


async def test_a_device_that_was_removed_stops_with_what_to_do(strict_person: Make) -> None:
    alice = await strict_person()
    await alice.ask("POST", "logout", body={})
    with pytest.raises(LoggedOutError, match="it logs in as a new device"):
        await alice.ended()


async def test_under_the_default_limit_the_hangup_goes_before_the_posts(
    strict_person: Make,
) -> None:
    alice, bob = await strict_person(), await strict_person()
    room_id = await alice.invite_into_room(bob, encrypted=False)
    content = invite()
    await alice.say(room_id, "m.call.invite", content)
    done: list[str] = []

    async def post(number: int) -> None:
        body = {"msgtype": "m.notice", "body": "noise"}
        options = {"urgency": Urgency.ROOM_POST, "order": None, "deadline": 7.0}
        try:
            await alice.edge.send(outgoing(room_id, "m.room.message", body, **options))
            done.append(f"post {number}")
        except SendTimeoutError:
            done.append("too late")

    posts = [asyncio.create_task(post(number)) for number in range(20)]
    async with asyncio.timeout(10):
        while not alice.edge.counts["rate_limited"]:  # noqa: ASYNC110 - a count has no event
            await asyncio.sleep(0.01)
    sent_when_limited = len(done)
    hangup = {"call_id": content["call_id"]}
    await alice.edge.send(outgoing(room_id, "m.call.hangup", hangup))
    done.append("hangup")
    await asyncio.gather(*posts)
    # On a slow machine the time of some is over before the hangup is out: those were not sent.
    sent_before = [one for one in done[: done.index("hangup")] if one != "too late"]
    # Some may be under way, and accepted, when the answer to another says that it is too much.
    assert len(sent_before) <= sent_when_limited + AT_ONCE - 1
    assert len(done) == 21
    assert len(posts) - sent_when_limited >= 5, "enough of them waited"
    assert [event.type for event in await bob.call_events(2)] == ["m.call.invite", "m.call.hangup"]


async def test_it_goes_on_when_the_homeserver_comes_back(
    strict_person: Make, strict_synapse: SynapseProcess
) -> None:
    alice = await strict_person()
    room_id = str((await alice.ask("POST", "createRoom", body={}))["room_id"])
    await alice.edge.rooms.known(room_id, WITHIN)
    await asyncio.to_thread(strict_synapse.stop)
    sending = asyncio.create_task(alice.say(room_id, "m.call.invite", invite(), deadline=60))
    await asyncio.to_thread(strict_synapse.prepare)
    strict_synapse.launch()
    await asyncio.to_thread(strict_synapse.wait_until_ready)
    event_id = await sending
    await alice.until(
        lambda events: any(isinstance(e, Received) and e.event_id == event_id for e in events)
    )
