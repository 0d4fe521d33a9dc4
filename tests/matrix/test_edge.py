"""The whole edge against a real homeserver."""

from __future__ import annotations

from tests.matrix.conftest import MakePerson, invite
from voip.signalling.events import SyncComplete


async def test_an_invite_goes_from_one_to_the_other(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(bob, encrypted=False)
    content = invite()
    event_id = await alice.say(room_id, "m.call.invite", content)
    (event,) = await bob.call_events(1)
    assert (event.room_id, event.event_id, event.sender) == (room_id, event_id, alice.user.user_id)
    assert (event.type, dict(event.content)) == ("m.call.invite", content)
    assert 0 <= event.age < 5
    assert (event.encrypted, event.room_encrypted, event.device_key) == (False, False, None)
    await bob.until(lambda events: events[-1] == SyncComplete())


async def test_both_ways_in_an_encrypted_room_and_across_a_restart(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(bob, encrypted=True)
    content = invite()
    await alice.say(room_id, "m.call.invite", content)
    (event,) = await bob.call_events(1)
    assert (event.type, dict(event.content)) == ("m.call.invite", content)
    assert event.encrypted
    assert event.room_encrypted
    assert event.device_key
    await bob.say(room_id, "m.call.answer", {"call_id": content["call_id"], "version": "1"})
    (answer,) = await alice.call_events(1)
    assert answer.encrypted
    assert answer.device_key != event.device_key

    await bob.stop()
    bob = await person(bob.user)
    await alice.say(room_id, "m.call.hangup", {"call_id": content["call_id"], "version": "1"})
    (hangup,) = await bob.call_events(1)
    assert hangup.type == "m.call.hangup"
    assert hangup.device_key == event.device_key
    await bob.say(room_id, "m.call.invite", invite())
    assert (await alice.call_events(2))[1].device_key == answer.device_key
