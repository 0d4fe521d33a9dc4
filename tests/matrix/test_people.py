"""Encrypted calls with Element's cryptography, in the mode in which it hears signed devices only.

The other end is matrix-js-sdk with `OnlySignedDevicesIsolationMode` (MSC4153).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.conftest import MakeUser, User
from tests.matrix.conftest import WITHIN, MakePerson, Person, invite
from tests.matrix.people import People, js_people
from voip.matrix.identity import IdentityState
from voip.matrix.trust import DeviceTrust
from voip.service.demo.synapse import SynapseProcess

ANN, OWNER = "ann", "owner"


@pytest.fixture
async def people() -> AsyncIterator[People]:
    async with js_people() as made:
        yield made


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - the edge has no event for it
            await asyncio.sleep(0.02)


async def looked(bot: Person) -> IdentityState:
    """Whether the bot is signed, once it knows."""
    await until(lambda: bot.edge.identity.state is not IdentityState.UNKNOWN)
    return bot.edge.identity.state


async def login(people: People, synapse: SynapseProcess, who: str, user: User) -> None:
    order = {"user": user.user_id, "password": user.password, "homeserver": synapse.url}
    await people.order("login", who=who, onlySigned=who == ANN, **order)


async def room_of_ann(people: People, synapse: SynapseProcess, ann: User, bot: Person) -> str:
    """Ann, with verified devices, and the bot in an encrypted room."""
    await login(people, synapse, ANN, ann)
    await people.order("setUp", who=ANN)
    room = str((await people.order("room", who=ANN, invite=bot.user.user_id))["roomId"])
    await until(lambda: bot.edge.room_info(room))
    return room


async def they_understand_each_other(people: People, room: str, bot: Person, ann: User) -> None:
    content = invite()
    await people.order("send", who=ANN, roomId=room, type="m.call.invite", content=content)
    (event,) = await bot.call_events(1)
    assert (event.type, dict(event.content), event.encrypted) == ("m.call.invite", content, True)
    answer = {"call_id": content["call_id"], "version": "1", "party_id": "bot"}
    await bot.say(room, "m.call.answer", answer)
    assert (await people.heard(ANN, "m.call.answer"))["content"] == answer
    assert event.device_key is not None
    assert await bot.edge.device_trust(ann.user_id, event.device_key) is DeviceTrust.SIGNED


async def test_a_new_bot_is_heard_by_those_who_hear_signed_devices_only(
    people: People, synapse: SynapseProcess, make_user: MakeUser, person: MakePerson
) -> None:
    bot, ann = await person(), make_user()
    assert await looked(bot) is IdentityState.SIGNED
    room = await room_of_ann(people, synapse, ann, bot)
    await they_understand_each_other(people, room, bot, ann)

    # Another client of the account opens with our recovery key what we put into secret storage.
    await login(people, synapse, OWNER, bot.user)
    text = (bot.settings.data_dir / "recovery-key.txt").read_text().strip()
    assert await people.order("recover", who=OWNER, recoveryKey=text) == {"ready": True}


async def test_a_bot_of_an_account_with_an_identity_is_heard_once_it_has_the_recovery_key(
    people: People,
    synapse: SynapseProcess,
    make_user: MakeUser,
    person: MakePerson,
    caplog: pytest.LogCaptureFixture,
) -> None:
    account, ann = make_user(), make_user()
    await login(people, synapse, OWNER, account)
    recovery_key = (await people.order("setUp", who=OWNER, recovery=True))["recoveryKey"]
    bot = await person(account)
    assert await looked(bot) is IdentityState.UNSIGNED
    assert "set its recovery key" in caplog.text
    room = await room_of_ann(people, synapse, ann, bot)

    content = {"who": ANN, "roomId": room, "type": "m.call.invite", "content": invite()}
    event_id = (await people.order("send", **content))["eventId"]
    held = bot.edge._intake._holding
    await until(lambda: event_id in [arrival.raw["event_id"] for arrival in held.locked()])
    await bot.say(room, "m.call.answer", {"call_id": "c", "version": "1"})
    assert (await people.heard(ANN, None))["failure"] == "UNSIGNED_SENDER_DEVICE"
    assert bot.calls() == []

    await bot.stop()
    bot = await person(account, recovery_key=recovery_key)
    assert await looked(bot) is IdentityState.SIGNED
    trust = {"user": account.user_id, "device": bot.edge.device_id}
    async with asyncio.timeout(WITHIN):
        while await people.order("trust", who=ANN, **trust) != {"signedByOwner": True}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await until(lambda: bot.edge.room_info(room))
    await they_understand_each_other(people, room, bot, ann)
    assert recovery_key not in caplog.text
