"""Two drivers in one room: the real core and real media on both sides, the room in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from voip.driver import Driver
from voip.media.engine import MediaEngine
from voip.media.events import MediaEvent
from voip.media.settings import MediaSettings
from voip.signalling.calls import Calls
from voip.signalling.commands import (
    By,
    Ended,
    EndReason,
    Established,
    Incoming,
    Notice,
    SendEvent,
)
from voip.signalling.config import CallConfig
from voip.signalling.errors import UnknownCall
from voip.signalling.events import (
    Accept,
    HangUp,
    Place,
    Received,
    Reject,
    SendProblem,
    SyncComplete,
)
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey, Party

KEY = CallKey("!room:test", "call")
PATIENCE = 15.0


class Device:
    """One end. What it sends reaches the other end at once, as a sync of one event."""

    def __init__(self, name: str, config: CallConfig) -> None:
        self.party = Party(f"@{name}:test", name.upper())
        self.other: Device
        self.notices: list[Notice] = []
        self.closed: list[CallKey] = []
        self.sent: list[str] = []
        self.refuse: str | None = None
        """An event type that the homeserver does not take."""
        self._changed = asyncio.Event()
        self.media = MediaEngine(MediaSettings(), self._on_media)
        self.driver = Driver(Calls(self.party, config), self, self.media, self, time.monotonic)

    def _on_media(self, event: MediaEvent) -> None:
        self.driver.take_media(event)

    async def send(self, command: SendEvent) -> SendProblem | None:
        await asyncio.sleep(0)
        if command.type == self.refuse:
            return SendProblem.REFUSED
        self.sent.append(command.type)
        self.other.driver.take(
            Received(
                command.key.room_id,
                "$event",
                self.party.user_id,
                command.type,
                command.content,
                age=0.0,
            )
        )
        self.other.driver.take(SyncComplete())
        return None

    async def ice_servers(self) -> Sequence[IceServer]:
        return ()

    def on_notice(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._changed.set()

    def on_closed(self, key: CallKey) -> None:
        self.closed.append(key)
        self._changed.set()

    async def saw(self, kind: type[Notice]) -> Notice:
        """Wait for a notice of this kind."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for notice in self.notices:
                    if isinstance(notice, kind):
                        return notice
                self._changed.clear()
                await self._changed.wait()

    async def is_closed(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while KEY not in self.closed:
                self._changed.clear()
                await self._changed.wait()


Pair = tuple[Device, Device]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    config = CallConfig(invite_lifetime=90.0)
    alice, bob = Device("alice", config), Device("bob", config)
    alice.other, bob.other = bob, alice
    yield alice, bob
    for device in (alice, bob):
        await device.driver.aclose()
        await device.media.aclose()


async def test_a_call_from_end_to_end(pair: Pair) -> None:
    alice, bob = pair
    alice.driver.perform(Place(KEY))
    assert isinstance(await bob.saw(Incoming), Incoming)
    bob.driver.perform(Accept(KEY))
    await asyncio.gather(alice.saw(Established), bob.saw(Established))
    alice.driver.perform(HangUp(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    assert await alice.saw(Ended) == Ended(KEY, EndReason.HANGUP, By.US, False, "user_hangup")
    assert await bob.saw(Ended) == Ended(KEY, EndReason.HANGUP, By.PEER, True, "user_hangup")
    assert alice.sent == [
        "m.call.invite",
        "m.call.candidates",
        "m.call.select_answer",
        "m.call.hangup",
    ]
    assert bob.sent == ["m.call.answer", "m.call.candidates"]
    assert alice.media.live == bob.media.live == 0


async def test_a_reject_ends_it_on_both_sides(pair: Pair) -> None:
    alice, bob = pair
    alice.driver.perform(Place(KEY))
    await bob.saw(Incoming)
    bob.driver.perform(Reject(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    assert await alice.saw(Ended) == Ended(KEY, EndReason.REJECTED, By.PEER, False)
    assert alice.media.live == 0


async def test_an_answer_that_is_refused_ends_the_call(pair: Pair) -> None:
    alice, bob = pair
    bob.refuse = "m.call.answer"
    alice.driver.perform(Place(KEY))
    await bob.saw(Incoming)
    bob.driver.perform(Accept(KEY))
    await bob.is_closed()
    assert await bob.saw(Ended) == Ended(KEY, EndReason.SEND_REFUSED, By.FAULT, True)
    assert bob.media.live == 0


async def test_an_offer_that_cannot_be_read_ends_that_call_alone(pair: Pair) -> None:
    alice, bob = pair
    alice.driver.perform(Place(KEY))
    await bob.saw(Incoming)
    bad = CallKey(KEY.room_id, "bad")
    content = {
        "call_id": bad.call_id,
        "party_id": "EVE",
        "version": "1",
        "lifetime": 60000,
        "offer": {"type": "offer", "sdp": "this is no description"},
    }
    bob.driver.take(Received(bad.room_id, "$bad", "@eve:test", "m.call.invite", content, 0.0))
    bob.driver.take(SyncComplete())
    bob.driver.perform(Accept(bad))
    ended = await bob.saw(Ended)
    assert isinstance(ended, Ended)
    assert (ended.key, ended.reason) == (bad, EndReason.BAD_DESCRIPTION)
    bob.driver.perform(Accept(KEY))
    await asyncio.gather(alice.saw(Established), bob.saw(Established))


async def test_hanging_up_while_the_answer_is_made_leaves_nothing(pair: Pair) -> None:
    alice, bob = pair
    alice.driver.perform(Place(KEY))
    await bob.saw(Incoming)
    bob.driver.perform(Accept(KEY))
    bob.driver.perform(HangUp(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    assert bob.media.live == 0
    with pytest.raises(UnknownCall):
        bob.driver.perform(HangUp(KEY))


async def test_a_listener_that_fails_stops_nothing(pair: Pair) -> None:
    alice, bob = pair
    told = bob.on_notice

    def fail(notice: Notice) -> None:
        told(notice)
        raise ValueError("on purpose")

    bob.on_notice = fail  # type: ignore[method-assign]  # a listener that fails
    alice.driver.perform(Place(KEY))
    await bob.saw(Incoming)
    bob.driver.perform(Accept(KEY))
    await asyncio.gather(alice.saw(Established), bob.saw(Established))


async def test_the_timer_ends_a_call_that_nobody_answers() -> None:
    config = CallConfig(invite_lifetime=0.05)
    alice, bob = Device("alice", config), Device("bob", config)
    alice.other, bob.other = bob, alice
    alice.driver.perform(Place(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    ended = await alice.saw(Ended)
    assert ended == Ended(KEY, EndReason.NOT_ANSWERED, By.TIME, False, "invite_timeout")
    for device in (alice, bob):
        await device.driver.aclose()
        await device.media.aclose()
