"""The schedule is checked by the packets' own time stamps, never by how long a test took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from aiortc.mediastreams import MediaStreamError

from voip.media import opus
from voip.media.echo import Echo
from voip.media.packets import AudioPacket
from voip.media.player import Player
from voip.media.playout import Playout
from voip.media.sound_errors import PlayerClosed

CLIP = tuple(b"\x78" + bytes([number]) * 20 for number in range(10))

RESTING = round(Playout.REST * opus.SAMPLE_RATE)
"""Samples between two packets of a call that says nothing."""


class Sent(list[tuple[int, bytes]]):
    """What went out: (time stamp, payload)."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[int] = []
        """Time stamps of the packets with a marker."""
        self._news = asyncio.Event()

    def take(
        self, payload: bytes, timestamp: int, marker: bool, payload_type: int | None, /
    ) -> None:
        assert payload_type is None
        self.append((timestamp, payload))
        if marker:
            self.marked.append(timestamp)
        self._news.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self) < count:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def sending(player: Player) -> AsyncIterator[Sent]:
    """A call that is connected."""
    sent = Sent()
    player.begin(sent.take)
    try:
        yield sent
    finally:
        player.stop()


def content(sent: Sent) -> list[bytes]:
    return [payload for _, payload in sent if payload not in {opus.SILENCE, opus.DTX}]


async def test_the_other_side_sees_packets_at_once() -> None:
    async with sending(Player()) as sent:
        await sent.until(3)
    assert sent[:3] == [(0, opus.SILENCE), (960, opus.SILENCE), (1920, opus.SILENCE)]


async def test_a_clip_goes_out_whole_in_order_and_in_step() -> None:
    player = Player()
    async with sending(player) as sent:
        await player.play(CLIP)
        assert content(sent) == list(CLIP)
        assert sent[-1][1] == CLIP[-1], "play returned later than the last packet"
        await player.play(CLIP)
    assert content(sent) == [*CLIP, *CLIP]
    assert [pts for pts, _ in sent] == [number * 960 for number in range(len(sent))]


async def test_packets_keep_pace_with_the_clock() -> None:
    player = Player()
    loop = asyncio.get_running_loop()
    async with sending(player) as sent:
        began = loop.time()
        await player.play(CLIP * 5)
        took = loop.time() - began
    # 50 packets lie 49 slots apart; a slow machine may be late, but nothing runs ahead.
    assert took >= 49 * 0.02 - 0.001
    assert len(sent) <= took / 0.02 + 2


async def test_two_clips_wait_for_each_other() -> None:
    player = Player()
    other = tuple(reversed(CLIP))
    async with sending(player) as sent:
        await asyncio.gather(player.play(CLIP), player.play(other))
    assert content(sent) == [*CLIP, *other]


async def test_cancelling_stops_at_once() -> None:
    player = Player()
    async with sending(player) as sent:
        playing = asyncio.create_task(player.play(CLIP * 10))
        await sent.until(5)
        playing.cancel()
        await asyncio.sleep(0)
        so_far = content(sent)
        await sent.until(len(sent) + 4)
        assert content(sent) == so_far
        await player.play(CLIP)
    assert content(sent) == [*so_far, *CLIP]


async def test_the_end_of_the_call_ends_the_clip() -> None:
    player = Player()
    async with sending(player) as sent:
        playing = asyncio.create_task(player.play(CLIP * 10))
        await sent.until(3)
        player.stop()
        with pytest.raises(PlayerClosed):
            await playing
    with pytest.raises(PlayerClosed):
        await player.play(CLIP)
    with pytest.raises(MediaStreamError):
        await player.recv()


async def test_a_call_that_only_listens_slows_down_and_wakes_for_a_clip() -> None:
    player = Player()
    async with sending(player) as sent:
        await sent.until(Playout.SETTLE + 2)
        assert sent[-1][1] == opus.DTX
        assert sent[-1][0] - sent[-2][0] in {960, RESTING}
        before = len(sent)
        await player.play(CLIP)
        between = [payload for _, payload in sent[before:] if payload == opus.DTX]
    assert content(sent) == list(CLIP)
    assert len(between) <= 1, "the clip waited for the slow pace"
    assert all(pts % 960 == 0 for pts, _ in sent)
    assert sent == sorted(set(sent))


async def test_resting_keeps_time() -> None:
    player = Player()
    async with sending(player) as sent:
        await sent.until(Playout.SETTLE + 3)
    steps = [later - earlier for (earlier, _), (later, _) in pairwise(sent)]
    assert steps[: Playout.SETTLE] == [960] * Playout.SETTLE
    assert steps[Playout.SETTLE :] == [RESTING] * (len(steps) - Playout.SETTLE)


async def test_pushed_packets_go_out_at_their_time() -> None:
    player = Player()
    loop = asyncio.get_running_loop()
    async with sending(player) as sent:
        await sent.until(1)
        start = loop.time() + 0.1
        for number in (1, 0, 3):  # out of order, and one is missing
            player.push(CLIP[number], start + number * 0.02)
        await sent.until(14)
    kept = {payload: pts for pts, payload in sent}
    assert content(sent) == [CLIP[0], CLIP[1], CLIP[3]]
    assert kept[CLIP[1]] - kept[CLIP[0]] == 960
    assert kept[CLIP[3]] - kept[CLIP[0]] == 3 * 960


async def test_what_is_pushed_is_bounded_and_must_be_opus() -> None:
    player = Player()
    async with sending(player) as sent:
        player.push(b"", None)
        player.push(b"\xfb", None)
        for _ in range(1000):
            player.push(CLIP[0])
        assert len(player._playout._pushed) == Playout.MAX_PUSHED
        await sent.until(3)


async def test_longer_packets_take_longer() -> None:
    player = Player()
    long = b"\x18" + b"x" * 40  # SILK, 60 ms
    async with sending(player) as sent:
        now = asyncio.get_running_loop().time()
        for number in range(3):
            player.push(long, now + 0.05 + number * 0.06)
        await sent.until(8)
    places = [pts for pts, payload in sent if payload == long]
    assert [later - earlier for earlier, later in pairwise(places)] == [2880] * 2


async def test_the_echo_is_the_same_packets_in_the_same_rhythm() -> None:
    player = Player()
    loop = asyncio.get_running_loop()
    async with sending(player) as sent:
        await sent.until(1)
        echo = Echo(player, delay=0.2)
        now = loop.time()
        # Jitter of arrival, a swap and a pause of 100 ms: the time stamps carry the rhythm.
        late = [0.0, 0.02, 0.035, 0.064, 0.08, 0.2, 0.22, 0.24, 0.26, 0.28]
        ticks = [0, 960, 1920, 2880, 3840, 9600, 10_560, 11_520, 12_480, 13_440]
        packets = [AudioPacket(CLIP[n], n, ticks[n] + 5, 9, now + late[n], None) for n in range(10)]
        packets[2], packets[3] = packets[3], packets[2]
        for packet in packets:
            echo.audio(packet)
        await sent.until(30)
    places = {payload: pts for pts, payload in sent}
    assert content(sent) == list(CLIP)
    first = places[CLIP[0]]
    assert [places[payload] - first for payload in CLIP] == ticks


@pytest.mark.parametrize("delay", [0, 0.05, 3, float("nan")])
async def test_an_echo_delay_out_of_bounds_is_refused(delay: float) -> None:
    with pytest.raises(ValueError, match="delay"):
        Echo(Player(), delay)
