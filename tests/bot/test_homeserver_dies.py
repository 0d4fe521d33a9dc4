"""The homeserver dies in the middle of a call that is recorded, as from kill -9, and comes back."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.bot.conftest import Exchange, eventually, posts
from tests.bot.test_consent import call_json, placed
from tests.conftest import accounts_at, start_again
from tests.media.audio import RATE, decode
from voip.bot.phone import Phone
from voip.bot.recorder import RecorderSettings
from voip.bot.runner import RunningBot
from voip.matrix.sends import OutgoingEvent
from voip.media.sounds import Tone
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

AWAY = float(os.environ.get("HOMESERVER_AWAY", "15"))
"""Seconds. `HOMESERVER_AWAY=3600 pytest --run-long tests/bot/test_homeserver_dies.py` is the hour
that a person with an hour may wait for; nothing in it but the waits is different."""
BACK_WITHIN = 120.0
"""Whoever asks in vain for long asks less often."""
SOUND = Tone(seconds=2)
PATIENT = RecorderSettings(announcement=Tone(seconds=0.2), until_silence=7200, max_seconds=7200)


@pytest.fixture
def synapse(tmp_path: Path) -> Iterator[SynapseProcess]:
    """One that this test may kill."""
    folder = tmp_path / "synapse"
    folder.mkdir()
    process = SynapseProcess(SynapseOptions(folder, free_port(), extra_config=LIMITS_LIFTED))
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def exchange(synapse: SynapseProcess, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with AsyncExitStack() as stack:
        yield Exchange(synapse, accounts_at(synapse), tmp_path, stack)


def kill(synapse: SynapseProcess) -> None:
    pid = synapse.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    synapse.stop()


def killed_before(phone: Phone, event_type: str, synapse: SynapseProcess) -> asyncio.Event:
    """The homeserver dies when this phone is about to send such an event; set when it is dead."""
    dead, send = asyncio.Event(), phone.matrix.send

    async def kill_first(event: OutgoingEvent) -> str:
        if event.type == event_type and not dead.is_set():
            await asyncio.to_thread(kill, synapse)
            dead.set()
        return await send(event)

    phone.matrix.send = kill_first  # type: ignore[method-assign]
    return dead


def sounds_at(recording: Path) -> list[tuple[int, int]]:
    """Between which seconds something is heard, each longer than one."""
    samples = decode(recording).astype(float)
    seconds = samples[: len(samples) // RATE * RATE].reshape(-1, RATE)
    loud = np.sqrt((seconds**2).mean(axis=1)) > 300
    spans, at = [], 0
    for heard, run in itertools.groupby(loud):
        length = len(list(run))
        if heard:
            spans.append((at, at + length))
        at += length
    return spans


async def nobody(bot: RunningBot) -> None:
    async def none() -> bool:
        return bot.live == 0

    await eventually(none)


async def the_only_post(alice: Phone, bot: RunningBot, room_id: str, folder: Path) -> Path:
    """Its recording, as the caller gets it; there is one of it, also when all is done."""
    await posts(alice, room_id, within=BACK_WITHIN)
    await bot.deliveries.idle()
    (post,) = await posts(alice, room_id)
    heard: Path = await alice.matrix.download(post.content, folder / "heard.ogg")
    assert call_json(bot)["tracks"][0]["event_id"] == post.event_id
    return heard


@pytest.mark.long
@pytest.mark.timeout(AWAY + 600)
async def test_between_the_answer_and_select_answer(
    exchange: Exchange, synapse: SynapseProcess, tmp_path: Path
) -> None:
    """The media need no homeserver: the call is made, and goes on, before the choice is told."""
    bot, alice = await exchange.bot(recorder=PATIENT), await exchange.phone()
    dead = killed_before(alice, "m.call.select_answer", synapse)
    call = await placed(alice, bot)
    await asyncio.wait_for(dead.wait(), 20)
    await asyncio.sleep(1)  # the announcement and the tone
    await call.play(SOUND)
    await asyncio.sleep(AWAY)
    await start_again(synapse)
    await call.play(SOUND)
    call.hang_up()
    await nobody(bot)
    heard = sounds_at(await the_only_post(alice, bot, call.room_id, tmp_path))
    assert len(heard) == 2, heard
    assert heard[1][0] - heard[0][1] == pytest.approx(AWAY, abs=10)
    assert call_json(bot)["end"]["reason"] == "hangup"


@pytest.mark.long
@pytest.mark.timeout(AWAY + 600)
async def test_for_long_in_a_recording(
    exchange: Exchange, synapse: SynapseProcess, tmp_path: Path
) -> None:
    """Who hangs up meanwhile cannot say so; that the line is dead tells it."""
    bot, alice = await exchange.bot(recorder=PATIENT), await exchange.phone()
    call = await placed(alice, bot)
    await asyncio.sleep(1)
    await call.play(SOUND)
    await asyncio.to_thread(kill, synapse)
    await asyncio.sleep(AWAY)
    await call.play(SOUND)
    call.hang_up()
    await nobody(bot)
    await start_again(synapse)
    heard = sounds_at(await the_only_post(alice, bot, call.room_id, tmp_path))
    assert len(heard) == 2, heard
    assert heard[1][0] - heard[0][1] == pytest.approx(AWAY, abs=2)
    again = await placed(alice, bot)  # nothing of the former call is in the way
    again.hang_up()
    await nobody(bot)
