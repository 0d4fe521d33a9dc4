"""Listening to a call: a stream that is bounded, in calls between real peers."""

from __future__ import annotations

import asyncio
from typing import get_args

import numpy as np
import pytest
from msgspec.structs import replace

from tests.media.audio import Samples, rms, rtp, sweep_packets
from tests.media.calls import KEY, call, engine
from voip.media.errors import UnknownCall
from voip.media.events import FirstAudio
from voip.media.libopus import OpusError, Rate
from voip.media.listening import Listening
from voip.media.sounds import Tone


def strongest(samples: Samples, rate: int) -> float:
    """The strongest frequency, in hertz."""
    part = samples.astype(float)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum) * rate / len(part))


async def loud(sound: Listening, seconds: float) -> Samples:
    """The next so many seconds of something that is not silence."""
    parts: list[Samples] = []
    async with asyncio.timeout(10):
        async for samples in sound:
            if parts or rms(samples) > 1000:
                parts.append(samples)
            if len(parts) == round(seconds / 0.02):
                break
    return np.concatenate(parts)


@pytest.mark.parametrize("rate", [16_000, 48_000])
async def test_what_one_side_plays_the_other_side_hears(rate: Rate) -> None:
    async with call() as (caller, _, callee, hears):
        await hears.wait(FirstAudio)
        with callee.listen(KEY, rate) as sound:
            playing = asyncio.create_task(caller.play(KEY, Tone(hertz=700, seconds=2.0)))
            heard = await loud(sound, 1.0)
            await playing
    assert heard.dtype == np.int16
    assert heard.shape == (rate,)
    assert strongest(heard, rate) == pytest.approx(700, abs=10)
    assert sound.dropped == 0
    assert sound.counts.played > 40


async def test_two_listen_at_the_same_time_and_one_stops() -> None:
    async with call() as (caller, _, callee, _):
        with callee.listen(KEY) as one, callee.listen(KEY, 8000) as other:
            playing = asyncio.create_task(caller.play(KEY, Tone(hertz=500, seconds=2.5)))
            assert strongest(await loud(one, 0.5), 16_000) == pytest.approx(500, abs=10)
            one.close()
            assert [samples async for samples in one] == []
            assert strongest(await loud(other, 0.5), 8000) == pytest.approx(500, abs=10)
            await playing


async def test_the_stream_ends_with_the_call_and_what_came_is_given() -> None:
    async with call() as (caller, _, callee, _):
        with callee.listen(KEY) as sound:
            await caller.play(KEY, Tone(seconds=0.5))
            await asyncio.sleep(0.1)
            await callee.close(KEY)
            async with asyncio.timeout(5):
                heard = np.concatenate([samples async for samples in sound])
        with pytest.raises(UnknownCall):
            callee.listen(KEY)
    assert rms(heard) > 1000


async def test_a_reader_that_waits_is_told_when_the_call_ends() -> None:
    async with call() as (_, _, callee, _):
        with callee.listen(KEY) as sound:

            async def read() -> int:
                return len([samples async for samples in sound])

            reading = asyncio.create_task(read())
            await asyncio.sleep(0.2)
            assert not reading.done()
            await callee.close(KEY)
            assert await asyncio.wait_for(reading, 5) > 0


async def test_without_media_there_is_nothing_to_listen_to() -> None:
    async with engine() as (one, _):
        with pytest.raises(UnknownCall):
            one.listen(KEY)


async def test_a_rate_that_opus_does_not_have_is_refused() -> None:
    async with call() as (_, _, callee, _):
        with pytest.raises(OpusError):
            callee.listen(KEY, 44_100)  # type: ignore[arg-type]
        for rate in get_args(Rate):
            callee.listen(KEY, rate).close()


def feed(sound: Listening, count: int) -> None:
    """Packets that arrive now, as an unread call gets them."""
    now = asyncio.get_running_loop().time()
    for packet in rtp((sweep_packets() * (count // 200 + 1))[:count], arrival=now):
        sound.audio(replace(packet, arrival=now))


async def test_what_nobody_reads_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listening, "KEPT", 0.1)
    sound = Listening(16_000, lambda one: None)
    feed(sound, 40)
    sound.end()
    kept = [samples async for samples in sound]
    assert len(kept) == 5
    assert sound.dropped > 10
    assert {samples.shape for samples in kept} == {(320,)}


async def test_what_has_come_when_it_ends_is_heard_at_once_and_no_more() -> None:
    closed: list[Listening] = []
    sound = Listening(48_000, closed.append)
    feed(sound, 20)
    sound.end()
    assert closed == [sound]
    feed(sound, 20)
    sound.end()
    sound.close()
    assert closed == [sound]


async def test_a_loop_that_stood_still_skips_time_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Listening, "STALL", 0.05)
    loop = asyncio.get_running_loop()
    with Listening(16_000, lambda one: None) as sound:
        feed(sound, 30)
        first = await anext(sound)
        began = loop.time()
        while loop.time() < began + 0.3:  # what must not happen, and does
            pass
        given = 0
        while sound._ready or not given:
            await anext(sound)
            given += 1
    assert first.shape == (320,)
    assert given < 10, "the 15 that were due meanwhile are not made up for"


async def test_a_listener_that_is_gone_costs_nothing() -> None:
    before = len(asyncio.all_tasks())
    sound = Listening(16_000, lambda one: None)
    feed(sound, 5)
    await anext(sound)
    sound.close()
    assert sound._timer is not None
    assert sound._timer.cancelled()
    assert len(asyncio.all_tasks()) == before
