"""Invitations, direct rooms, and what is known of rooms, at a real homeserver."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.matrix.conftest import WITHIN, Bot, MakePerson, invite, running
from tests.matrix.faults import HANG, FaultyHomeserver, limited
from voip.matrix.errors import NotJoinedError, RoomError, SendRefusedError
from voip.matrix.http import Json
from voip.signalling.events import MemberLeft


def invitation(by: object, membership: str = "invite") -> Json:
    content = {"membership": membership}
    member = {"type": "m.room.member", "state_key": "@bot:x", "sender": by, "content": content}
    other = {"type": "m.room.name", "state_key": "", "sender": by, "content": {"name": "x"}}
    return {"invite_state": {"events": [None, other, member]}}


@pytest.mark.parametrize(
    ("patterns", "inviter", "accepted"),
    [
        (None, "@ann:x", True),
        (None, "@ann:y", False),
        (None, "@ann:x.evil", False),
        ((), "@ann:x", False),
        (("@ann:*",), "@ann:anywhere", True),
        (("*",), "@eve:y", True),
        (("@ANN:x",), "@ann:x", False),
        (None, 7, False),
    ],
)
async def test_whose_invitations_are_accepted(
    faulty: FaultyHomeserver,
    memory: Path,
    patterns: tuple[str, ...] | None,
    inviter: object,
    accepted: bool,
) -> None:
    bot = Bot(faulty, memory / "data", allow_invites_from=patterns)
    faulty.on(
        "/sync", {"next_batch": "1", "rooms": {"invite": {"!r:x": invitation(inviter)}}}, HANG
    )
    faulty.on("/join", limited(5), {"room_id": "!r:x"})
    async with bot.edge, running(bot.edge):
        await bot.syncs(1)
        if accepted:
            await faulty.until_asked("/join", 2)
        else:
            assert not faulty.asked("/join")


async def test_an_invitation_that_is_ahead_of_its_room_is_tried_again(
    faulty: FaultyHomeserver, memory: Path
) -> None:
    bot = Bot(faulty, memory / "data", allow_invites_from=("*",))
    invited = {"!r:y": invitation("@ann:y")}
    faulty.on("/sync", {"next_batch": "1", "rooms": {"invite": invited}}, HANG)
    not_yet = 403, {"errcode": "M_FORBIDDEN", "error": "You are not invited to this room."}
    faulty.on("/join", not_yet, {"room_id": "!r:y"})
    async with bot.edge, running(bot.edge):
        await faulty.until_asked("/join", 2)
        await asyncio.gather(*bot.edge.rooms._joining.values())
    assert len(faulty.asked("/join")) == 2


async def test_an_invitation_that_stays_refused_is_given_up(
    faulty: FaultyHomeserver, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voip.matrix.rooms.INVITATION_SETTLES", 0.0)
    bot = Bot(faulty, memory / "data", allow_invites_from=("*",))
    invited = {"!r:y": invitation("@ann:y")}
    faulty.on("/sync", {"next_batch": "1", "rooms": {"invite": invited}}, HANG)
    faulty.on("/join", (403, {"errcode": "M_FORBIDDEN", "error": "withdrawn"}))
    async with bot.edge, running(bot.edge):
        await faulty.until_asked("/join", 1)
        await asyncio.gather(*bot.edge.rooms._joining.values())
    assert len(faulty.asked("/join")) == 1


async def test_what_is_known_of_rooms(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(
        bob, encrypted=True, name="Kitchen", preset="public_chat"
    )
    for one in (alice, bob):
        info = await one.edge.rooms.known(room_id, WITHIN)
        assert (info.name, info.encrypted, info.is_public) == ("Kitchen", True, True)
    assert await alice.edge.members(room_id) == {
        alice.user.user_id: alice.user.localpart,
        bob.user.user_id: bob.user.localpart,
    }
    assert alice.edge.room_info("!nowhere:x") is None
    await alice.say(room_id, "m.call.invite", invite())
    (event,) = await bob.call_events(1)
    assert event.room_public


async def test_leaving_is_told(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(bob, encrypted=False)
    await bob.ask("POST", "rooms", room_id, "leave", body={})
    for one in (alice, bob):
        await one.until(lambda events: MemberLeft(room_id, bob.user.user_id) in events)
    with pytest.raises(SendRefusedError, match="invite"):
        await bob.say(room_id, "m.call.invite", invite(), deadline=WITHIN)


async def test_a_room_where_we_may_not_speak_says_what_to_do(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    levels = {"events_default": 50}
    room_id = await alice.invite_into_room(
        bob, encrypted=False, power_level_content_override=levels
    )
    with pytest.raises(SendRefusedError, match=r"may not send m\.call\.invite.*power level") as no:
        await bob.say(room_id, "m.call.invite", invite())
    assert no.value.errcode == "M_FORBIDDEN"


async def test_an_event_that_is_too_large_says_so(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    room_id = await alice.invite_into_room(bob, encrypted=False)
    with pytest.raises(SendRefusedError, match="64 KiB"):
        await alice.say(room_id, "m.call.invite", {**invite(), "offer": {"sdp": "x" * 70_000}})


async def test_the_direct_room_is_made_once_encrypted_and_found_again(person: MakePerson) -> None:
    alice, bob = await person(), await person()
    them = bob.user.user_id
    first, second = await asyncio.gather(alice.edge.direct_room(them), alice.edge.direct_room(them))
    assert first == second
    info = await alice.edge.rooms.known(first, WITHIN)
    assert info.encrypted
    assert not info.is_public
    assert set(await alice.edge.members(first)) == {alice.user.user_id, them}
    direct = await alice.ask("GET", "user", alice.user.user_id, "account_data", "m.direct")
    assert direct == {them: [first]}
    await alice.say(first, "m.call.invite", invite())
    (event,) = await bob.call_events(1)
    assert event.encrypted

    await asyncio.gather(*bob.edge.rooms._joining.values())
    assert await bob.edge.direct_room(alice.user.user_id) == first

    await bob.ask("POST", "rooms", first, "leave", body={})
    new = await alice.edge.direct_room(them)
    assert new != first
    direct = await alice.ask("GET", "user", alice.user.user_id, "account_data", "m.direct")
    assert direct == {them: [new, first]}


async def test_a_person_who_does_not_come(person: MakePerson) -> None:
    alice, bob = await person(), await person(allow_invites_from=())
    with pytest.raises(NotJoinedError, match="must accept the invitation"):
        await alice.edge.direct_room(bob.user.user_id, within=0.2)


async def test_a_person_who_declines_is_not_waited_for(person: MakePerson) -> None:
    alice, bob = await person(), await person(allow_invites_from=())
    invitation = asyncio.create_task(bob.invited_to())
    asking = asyncio.create_task(alice.edge.direct_room(bob.user.user_id, within=WITHIN))
    room_id = await invitation
    await bob.ask("POST", "rooms", room_id, "leave", body={})
    with pytest.raises(NotJoinedError):
        await asking


async def test_a_person_who_does_not_exist(person: MakePerson) -> None:
    alice = await person()
    with pytest.raises((RoomError, NotJoinedError)):
        await alice.edge.direct_room("@nobody-at-all:localhost", within=0.2)
