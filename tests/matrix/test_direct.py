"""A room that we made encrypted is used as one from its first event on; the homeserver is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.matrix.conftest import Bot, invite, outgoing, running
from tests.matrix.faults import HANG, FaultyHomeserver, Ready
from tests.matrix.two_devices import ANN, encryption, member, timeline
from voip.matrix.errors import RoomError, SendRefusedError
from voip.matrix.http import Json

ROOM = "!new:x"
ALGORITHM = {"algorithm": "m.megolm.v1.aes-sha2"}
NOT_FOUND = 404, {"errcode": "M_NOT_FOUND"}
A_MOMENT = 0.2
"""Seconds in which whatever is not held back would have happened."""


@dataclass
class Rig:
    faulty: FaultyHomeserver
    bot: Bot
    syncs: list[asyncio.Future[Ready]]

    async def sync(self, *events: Json) -> None:
        """The next sync response, with these events of the room."""
        number = len(self.bot.received) + 1
        answer = {"next_batch": f"s{number}", **timeline(*events, room_id=ROOM)}
        self.syncs.pop(0).set_result(answer)
        await self.bot.syncs(number)

    def sent(self) -> list[str]:
        return [
            asked.path.split("/")[-2] for asked in self.faulty.requests if "/send/" in asked.path
        ]


@pytest.fixture
async def rig(faulty: FaultyHomeserver, bot: Bot) -> AsyncIterator[Rig]:
    syncs: list[asyncio.Future[Ready]] = [asyncio.Future() for _ in range(4)]
    faulty.on("/sync", *syncs, HANG)
    faulty.on("/account_data/m.direct", {})
    faulty.on("/createRoom", {"room_id": ROOM})
    faulty.on("/state/m.room.member/@bot:x", {"membership": "join"})
    faulty.on("/state/m.room.encryption", ALGORITHM)
    faulty.on("/joined_members", {"joined": {"@bot:x": {}, ANN: {}}})
    faulty.on("", {"event_id": "$sent"})
    async with running(bot.edge):
        yield Rig(faulty, bot, syncs)


async def still_waits(task: asyncio.Task[str]) -> bool:
    done, _ = await asyncio.wait({task}, timeout=A_MOMENT)
    return not done


async def test_the_direct_room_is_given_when_it_is_known_to_be_encrypted(rig: Rig) -> None:
    asking = asyncio.create_task(rig.bot.edge.direct_room(ANN))
    await rig.faulty.until_asked("/createRoom", 1)
    await rig.sync(member("@bot:x"), member(ANN))
    assert await still_waits(asking)
    await rig.sync(encryption())
    assert await asking == ROOM
    info = rig.bot.edge.room_info(ROOM)
    assert info is not None
    assert info.encrypted


async def test_a_room_that_does_not_become_encrypted_is_not_given(rig: Rig) -> None:
    asking = asyncio.create_task(rig.bot.edge.direct_room(ANN, within=A_MOMENT))
    await rig.faulty.until_asked("/createRoom", 1)
    await rig.sync(member("@bot:x"), member(ANN))
    with pytest.raises(RoomError, match="encrypted"):
        await asking


async def test_nothing_leaves_in_the_clear_before_sync_has_told_of_the_encryption(rig: Rig) -> None:
    await rig.sync(member("@bot:x"), member(ANN))
    sending = asyncio.create_task(rig.bot.edge.send(outgoing(ROOM, "m.call.invite", invite())))
    assert await still_waits(sending)
    assert rig.sent() == []
    await rig.sync(encryption())
    await sending
    assert rig.sent() == ["m.room.encrypted"]


async def test_without_that_news_nothing_is_sent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voip.matrix.transmit.KNOWN_WITHIN", A_MOMENT)
    await rig.sync(member("@bot:x"), member(ANN))
    with pytest.raises(SendRefusedError, match="encrypted"):
        await rig.bot.edge.send(outgoing(ROOM, "m.call.invite", invite()))
    assert rig.sent() == []


async def test_a_plain_room_is_asked_about_once(rig: Rig) -> None:
    rig.faulty.on("/state/m.room.encryption", NOT_FOUND)
    await rig.sync(member("@bot:x"), member(ANN))
    for _ in range(2):
        await rig.bot.edge.send(outgoing(ROOM, "m.call.invite", invite()))
    assert rig.sent() == ["m.call.invite", "m.call.invite"]
    assert len(rig.faulty.asked("/state/m.room.encryption")) == 1
