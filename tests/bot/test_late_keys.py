"""An encrypted invite whose key is late: from the raw sync through decryption into the core.

matrix-nio drops `unsigned`, so the age is that of the raw event; time spent waiting for the key
counts too.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.matrix.conftest import Bot, bot, faulty, memory, running  # noqa: F401 - fixtures
from tests.matrix.faults import HANG, FaultyHomeserver, Ready
from tests.matrix.two_devices import ANN, ROOM, Device, Uploaded, encryption, member, timeline
from voip.matrix.http import Json
from voip.signalling.calls import Calls
from voip.signalling.commands import Ignored, IgnoreReason, Incoming, Notice
from voip.signalling.events import Received, RemoteEvent
from voip.signalling.ids import CallKey, Party

LIFETIME = 1.0
INVITE = {
    "call_id": "c",
    "version": "1",
    "party_id": "ANNS",
    "lifetime": LIFETIME * 1000,
    "offer": {"type": "offer", "sdp": "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"},
}
HANGUP = {"call_id": "c", "version": "1", "party_id": "ANNS", "reason": "user_hangup"}


class Line:
    """Ann and the bot in an encrypted room, and the core that gets what the bot receives."""

    def __init__(self, bot: Bot, faulty: FaultyHomeserver) -> None:  # noqa: F811
        self.bot = bot
        self.ann = Device(ANN, "ANNS", bot.folder.path)
        self.calls = Calls(Party("@bot:x", "BOTS"))
        self._faulty = faulty
        self._answers: list[asyncio.Future[Ready]] = [asyncio.Future() for _ in range(3)]
        self._key: Json = {}
        faulty.on("/sync", *self._answers, HANG)
        faulty.on("/keys/query", {"device_keys": {ANN: {"ANNS": self.ann.device_keys}}})
        bot.before = self._take

    def _take(self, event: RemoteEvent) -> None:
        self.calls.handle(event, asyncio.get_running_loop().time())

    async def open(self) -> None:
        await self.sync(timeline(encryption(), member(ANN), member("@bot:x")))
        (upload,) = await self._faulty.until_asked("/keys/upload", 1)
        bots = Uploaded("@bot:x", "BOTS", upload.body["device_keys"], upload.body["one_time_keys"])
        self.ann.join(ANN, "@bot:x")
        self.ann.meet(bots)
        self._key = self.ann.room_key_for(bots)

    async def sync(self, raw: Json) -> None:
        count = 4 - len(self._answers)
        self._answers.pop(0).set_result({"next_batch": f"s{count}", **raw})
        await self.bot.syncs(count)

    async def key_comes(self) -> None:
        await self.sync(self._key)

    def says(self, type_: str, content: Json, age: float) -> Json:
        """An encrypted event that the homeserver has had for so many seconds."""
        return {**self.ann.encrypt(type_, content), "unsigned": {"age": age * 1000}}

    def notices(self) -> list[Notice]:
        found: list[Notice] = []
        while (item := self.calls.poll()) is not None:
            if isinstance(item, Incoming | Ignored):
                found.append(item)
        return found


@pytest.mark.parametrize("age", [0.0, LIFETIME - 0.05])
async def test_it_rings_only_for_what_is_left_of_its_lifetime(
    bot: Bot,  # noqa: F811
    faulty: FaultyHomeserver,  # noqa: F811
    age: float,
) -> None:
    line = Line(bot, faulty)
    async with running(bot.edge):
        await line.open()
        await line.sync(timeline(line.says("m.call.invite", INVITE, age)))
        assert line.notices() == []
        await asyncio.sleep(0.1)
        await line.key_comes()
    line.ann.nio.close()
    (notice,) = line.notices()
    if age == 0:
        assert isinstance(notice, Incoming)
        assert notice.key == CallKey(ROOM, "c")
    else:
        assert isinstance(notice, Ignored)
        assert notice.why is IgnoreReason.EXPIRED
    (received,) = [event for event in bot.received if isinstance(event, Received)]
    assert received.encrypted
    assert age + 0.1 <= received.age < age + 5


async def test_a_hangup_that_came_behind_it_is_not_overtaken(
    bot: Bot,  # noqa: F811
    faulty: FaultyHomeserver,  # noqa: F811
) -> None:
    line = Line(bot, faulty)
    async with running(bot.edge):
        await line.open()
        both = [line.says("m.call.invite", INVITE, 0), line.says("m.call.hangup", HANGUP, 0)]
        await line.sync(timeline(*both))
        assert bot.names() == []
        await line.key_comes()
    line.ann.nio.close()
    assert bot.names() == [event["event_id"] for event in both]
    assert not [notice for notice in line.notices() if isinstance(notice, Incoming)]
