"""Callers who say nothing, make noise, press every key at once, or do not hang up for half a day.
A hundred of them at a time are in test_flood.py."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.bot.conftest import Exchange, posts
from tests.bot.test_consent import call_json, placed
from voip.bot.call import Call
from voip.bot.digits import MAX_DIGITS
from voip.bot.echo import echo
from voip.bot.flows import Flow
from voip.bot.keeping import Policy
from voip.bot.recorder import RecorderSettings, recorder
from voip.bot.testing import FakeCall, virtual_time
from voip.media.keypad import MIN_GAP, MIN_SECONDS
from voip.media.sounds import SoundFile, Tone
from voip.media.stop_rules import StopRules
from voip.signalling.commands import By

HALF_A_DAY = 12 * 3600.0
LONGEST = StopRules.PATIENCE + 5
"""Seconds that are recorded of who says nothing; half of what the noise lasts."""


def noise(file: Path, seconds: float) -> Path:
    """White, and loud."""
    samples = np.random.default_rng(3).normal(0, 6000, round(seconds * 48_000))
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, 48_000, 0, "NONE", ""))
        out.writeframes(samples.clip(-32768, 32767).astype("<i2").tobytes())
    return file


async def test_silence_is_hung_up_on_soon(exchange: Exchange) -> None:
    bot, alice = await exchange.bot(), await exchange.phone()
    call = await placed(alice, bot)
    end = await asyncio.wait_for(call.closed(), 20)
    assert end.by is By.PEER
    await posts(alice, call.room_id)
    (track,) = call_json(bot)["tracks"]
    assert track["ended"] == "silence"
    assert track["seconds"] < LONGEST


async def test_noise_is_no_speech(exchange: Exchange, tmp_path: Path) -> None:
    bot, alice = await exchange.bot(), await exchange.phone()
    call = await placed(alice, bot)
    playing = asyncio.create_task(call.play(SoundFile(noise(tmp_path / "noise.wav", 2 * LONGEST))))
    end = await asyncio.wait_for(call.closed(), 20)
    await asyncio.gather(playing, return_exceptions=True)
    assert end.by is By.PEER
    (track,) = call_json(bot)["tracks"]
    assert track["ended"] == "silence"
    assert track["seconds"] < LONGEST


KEYS = "0123456789*#ABCD" * 8


async def pressed_quickly(exchange: Exchange, flow: Flow) -> Call:
    """A call in which the keys were pressed as fast as RFC 4733 events can be told apart."""
    bot, alice = await exchange.bot(flow=flow), await exchange.phone()
    call = await placed(alice, bot)
    await alice.media.send_digits(call.key, KEYS, seconds=MIN_SECONDS, gap=MIN_GAP)
    await call.play(Tone(seconds=0.3))
    return call


async def test_keys_at_the_maximum_rate_are_all_taken_by_who_asks(exchange: Exchange) -> None:
    taken: list[str] = []

    async def asks(call: Call) -> None:
        await call.answer()
        while True:
            taken.append(await call.digit())

    call = await pressed_quickly(exchange, asks)
    call.hang_up()
    await call.closed()
    assert "".join(taken) == KEYS


async def test_of_keys_that_nobody_asks_for_the_first_are_kept(exchange: Exchange) -> None:
    pressed, kept = asyncio.Event(), list[str]()

    async def busy(call: Call) -> None:
        await call.answer()
        await pressed.wait()
        while True:
            kept.append(await call.digit())

    assert len(KEYS) > MAX_DIGITS
    call = await pressed_quickly(exchange, busy)
    pressed.set()
    await call.play(Tone(seconds=0.3))
    call.hang_up()
    await call.closed()
    assert "".join(kept) == KEYS[:MAX_DIGITS]


@virtual_time
async def test_who_talks_for_half_a_day_is_recorded_as_long_as_is_set() -> None:
    settings = RecorderSettings(announcement=Tone(), max_seconds=600)

    async def flow(call: Call) -> None:
        await recorder(call, settings, Policy())

    async with FakeCall(flow) as caller:
        caller.says(seconds=HALF_A_DAY)
        end = await caller.call.closed()
        assert end.by is By.US
        (recording,) = caller.call.recordings
        assert recording.seconds == pytest.approx(600, abs=1)


@virtual_time
async def test_who_stays_for_half_a_day_has_a_call_of_half_a_day() -> None:
    async with FakeCall(echo) as caller:
        await caller.waits(HALF_A_DAY)
        assert caller.call.end is None
        caller.hangs_up()
        await caller.ended()
        assert caller.call.marks.talked() == pytest.approx(HALF_A_DAY, abs=60)
        assert "43" in caller.posts[-1]
