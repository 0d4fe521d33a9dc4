"""Two calls that hear each other through a third party."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.media.calls import KEY, Heard, engine
from tests.media.test_private import Ear
from voip.media.engine import MediaEngine
from voip.media.errors import AlreadyBridged, UnknownCall
from voip.media.events import Connected
from voip.media.packets import AudioPacket
from voip.media.sounds import Tone
from voip.signalling.ids import CallKey

A = CallKey("!a:example.org", "a")
B = CallKey("!b:example.org", "b")


@asynccontextmanager
async def bridged() -> AsyncIterator[tuple[MediaEngine, MediaEngine, MediaEngine]]:
    """The one in the middle, and its two callers, each connected with it."""
    async with engine() as (middle, heard), engine() as (one, _), engine() as (other, _):
        for caller, key in ((one, A), (other, B)):
            offer = await caller.create_offer(KEY, video=False, ice_servers=[])
            answer = await middle.create_answer(key, offer, ice_servers=[])
            await caller.apply_answer(KEY, answer)
        await both_connected(heard)
        await middle.bridge(A, B)
        yield middle, one, other


async def both_connected(heard: Heard) -> None:
    async with asyncio.timeout(10):
        while len(heard.of(Connected)) < 2:  # noqa: ASYNC110 - `wait` knows the first one only
            await asyncio.sleep(0.01)


def ear_at(one: MediaEngine) -> Ear:
    ear = Ear()
    one._calls[KEY].peer.tap.add_audio(ear)
    return ear


def loud(packets: list[AudioPacket]) -> list[bytes]:
    return [packet.payload for packet in packets if len(packet.payload) > 3]


async def test_each_hears_the_others_packets_as_they_are() -> None:
    async with bridged() as (middle, one, other):
        at_one, at_other, passing = ear_at(one), ear_at(other), Ear()
        middle._calls[A].peer.tap.add_audio(passing)
        await asyncio.gather(one.play(KEY, Tone(seconds=0.5)), other.play(KEY, Tone(660, 0.5)))
        await asyncio.sleep(0.3)
        sent = loud(passing.packets)
        assert len(sent) >= 25
        assert loud(at_other.packets) == sent
        assert len(loud(at_one.packets)) >= 25
        sequences = [packet.sequence for packet in at_other.packets]
        assert sequences == [(sequences[0] + n) % (1 << 16) for n in range(len(sequences))]


async def test_a_bridge_ends_when_asked_to_and_with_either_call() -> None:
    async with bridged() as (middle, one, other):
        with pytest.raises(AlreadyBridged):
            await middle.bridge(B, A)
        await asyncio.gather(middle.unbridge(B), middle.unbridge(A))
        ear = ear_at(other)
        await one.play(KEY, Tone(seconds=0.3))
        await asyncio.sleep(0.2)
        assert loud(ear.packets) == []
        with pytest.raises(AlreadyBridged):
            await middle.bridge(A, A)
        await middle.bridge(B, A)
        await middle.close(A)
        await middle.unbridge(B)  # ended already
        with pytest.raises(UnknownCall):
            await middle.bridge(B, A)
        with pytest.raises(UnknownCall):
            await middle.unbridge(A)
        assert middle.live == 1
