"""The other side dies, sleeps or loses its network: real processes, killed and stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.media.calls import KEY, Heard, call, engine, until
from tests.media.test_shared_port import path_of
from voip.media import private
from voip.media.engine import MediaEngine
from voip.media.events import Failed, FirstAudio, Interrupted, MediaFailure, Resumed
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.signalling.content import StreamMetadata
from voip.signalling.events import Change

HASTY = MediaSettings(port=0, interrupted_after=1.2, gone_after=3.0)
CONSENT_TAKES = 25.0
"""Seconds within which everything here has to be noticed; consent alone takes 30 and more."""


@asynccontextmanager
async def caller_process(
    settings: MediaSettings = HASTY, sends: str = "sound"
) -> AsyncIterator[tuple[Process, MediaEngine, Heard]]:
    """A peer in a process of its own, in a call with an engine here."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.peer_child", sends, stdin=PIPE, stdout=PIPE
    )
    assert child.stdin
    assert child.stdout
    try:
        async with engine(settings) as (one, hears):
            offer = json.loads(await child.stdout.readline())
            answer = await one.create_answer(KEY, offer, ice_servers=())
            child.stdin.write(json.dumps(answer).encode() + b"\n")
            await child.stdin.drain()
            await hears.wait(FirstAudio)
            yield child, one, hears
    finally:
        if child.returncode is None:
            child.kill()
        child.stdin.close()
        await child.wait()


async def test_a_killed_peer_is_noticed_and_given_up_in_seconds() -> None:
    async with caller_process() as (child, one, hears):
        child.send_signal(signal.SIGKILL)
        assert not (await hears.wait(Interrupted, CONSENT_TAKES)).answering
        assert (await hears.wait(Failed, CONSENT_TAKES)).failure is MediaFailure.PEER_GONE
        assert one.live == 0
        assert len(hears.of(Interrupted)) == 1


async def test_a_stopped_peer_that_goes_on_is_heard_again() -> None:
    settings = MediaSettings(port=0, interrupted_after=1.2, gone_after=25)
    async with caller_process(settings) as (child, one, hears):
        child.send_signal(signal.SIGSTOP)
        await hears.wait(Interrupted, CONSENT_TAKES)
        child.send_signal(signal.SIGCONT)
        await hears.wait(Resumed, CONSENT_TAKES)
        before = (await one.stats(KEY)).packets_received
        await until(lambda: one._calls[KEY].peer._meter.audio_received > before + 20)
        assert not hears.of(Failed)
        assert (await one.stats(KEY)).interruptions == 1


async def test_a_stopped_peer_that_does_not_go_on_is_given_up() -> None:
    async with caller_process() as (child, _, hears):
        child.send_signal(signal.SIGSTOP)
        assert (await hears.wait(Failed, CONSENT_TAKES)).failure is MediaFailure.PEER_GONE
        child.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("port", [None, 0])
async def test_a_network_that_is_cut_is_noticed_by_both(port: int | None) -> None:
    settings = MediaSettings(port=port, interrupted_after=1.2, gone_after=3.0)
    async with call(settings=settings) as (one, hears, other, other_hears):
        for each in (one, other):
            cut(each)
        for heard in (hears, other_hears):
            await heard.wait(Interrupted, CONSENT_TAKES)
            assert (await heard.wait(Failed, CONSENT_TAKES)).failure is MediaFailure.PEER_GONE


def cut(one: MediaEngine) -> None:
    """Nothing leaves any more, and nobody is told."""
    for connection in path_of(one).connections:
        for protocol in private.protocols_of(connection):
            protocol.transport.sendto = lambda data, addr=None: None  # type: ignore[method-assign]


async def test_a_peer_that_sends_nothing_and_answers_is_not_dead() -> None:
    """It takes its microphone away without a word, and its reports are all that comes."""
    async with caller_process(sends="nothing") as (_, one, hears):
        assert (await hears.wait(Interrupted, CONSENT_TAKES)).answering
        await asyncio.sleep(HASTY.gone_after * 1.5)
        assert not hears.of(Failed)
        assert one.live == 1


async def test_a_peer_on_hold_that_only_answers_checks_is_well() -> None:
    async with call(settings=HASTY) as (one, hears, other, _):
        await hears.wait(FirstAudio)
        offer = await other.create_reoffer(KEY, Change(hold=True))
        await other.apply_answer(KEY, await one.create_reanswer(KEY, offer))
        # Only answers to our checks are left of it: no media, no reports, no checks of its own.
        path = path_of(other)
        path.check = lambda: None  # type: ignore[method-assign]
        answered = path_of(one).arrivals
        other._calls[KEY].peer._pc.getTransceivers()[0].receiver.transport._send_rtp = _nothing  # type: ignore[method-assign]
        await asyncio.sleep(HASTY.gone_after * 1.5)
        assert not hears.of(Interrupted)
        assert not hears.of(Failed)
        assert path_of(one).arrivals > answered


async def _nothing(data: bytes) -> None:
    """No media and no reports leave."""


async def test_sound_is_expected_where_it_was_agreed_on_and_is_not_muted() -> None:
    async with call() as (one, hears, other, _):
        await hears.wait(FirstAudio)
        lines = one._calls[KEY].peer.lines
        assert lines.audio_expected
        stream = lines._lines[0].remote.values("msid")[0].split()[0]
        for muted in (True, False):
            said = {stream: StreamMetadata(purpose="m.usermedia", audio_muted=muted)}
            await one.set_streams(KEY, said)
            assert lines.audio_expected is not muted
        offer = await other.create_reoffer(KEY, Change(hold=True))
        await other.apply_answer(KEY, await one.create_reanswer(KEY, offer))
        assert not lines.audio_expected


async def test_a_call_that_sends_is_not_asked() -> None:
    """What a recorded call costs besides its packets: nothing leaves for its sake."""
    async with call(settings=HASTY) as (one, hears, other, _):
        await hears.wait(FirstAudio)
        playing = asyncio.create_task(other.play(KEY, Tone(seconds=20)))
        await until(lambda: one._calls[KEY].peer._meter.audio_received > 40)
        checks: list[None] = []
        path_of(one).check = lambda: checks.append(None)  # type: ignore[method-assign]
        received = one._calls[KEY].peer._meter.audio_received
        await until(lambda: one._calls[KEY].peer._meter.audio_received > received + 100)
        assert not checks
        playing.cancel()
