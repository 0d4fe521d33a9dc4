"""What a call makes of its received stream: loss is reported, numbers wrap, streams change.

The packets take the short way from the socket to the tap.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from tests.media.audio import Samples, rms
from tests.media.calls import KEY, audio_sender, call, until
from tests.media.test_listening import strongest
from tests.media.test_private import Ear
from voip.media import private
from voip.media.engine import MediaEngine
from voip.media.private import reports
from voip.media.sounds import Tone

TONE = Tone(hertz=500, seconds=3.0)
Take = Callable[[private.AudioTap, bytes], bool]


class Network:
    """Loses every so many packets of those that a call gets, before they are seen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, every: int = 0) -> None:
        """Before the calls."""
        self.lost: Counter[private.AudioTap] = Counter()
        self.taken: Counter[private.AudioTap] = Counter()
        original: Take = private.AudioTap.take

        def take(tap: private.AudioTap, data: bytes) -> bool:
            is_rtp = len(data) > 1 and not 64 <= data[1] & 0x7F <= 95  # RFC 5761 §4
            if every and is_rtp and (self.lost[tap] + self.taken[tap]) % every == every - 1:
                self.lost[tap] += 1
                return True
            taken = original(tap, data)
            self.taken[tap] += taken
            return taken

        monkeypatch.setattr(private.AudioTap, "take", take)

    def of(self, one: MediaEngine) -> tuple[int, int]:
        """How many were lost and taken of those that `one` gets in its call."""
        tap = one._calls[KEY].peer.lines.audio
        assert tap is not None
        return self.lost[tap], self.taken[tap]


async def reported(one: MediaEngine) -> RTCRemoteInboundRtpStreamStats | None:
    """What the other side reports of what `one` sends."""
    found = await one._calls[KEY].peer._pc.getStats()
    kinds = [each for each in found.values() if each.type == "remote-inbound-rtp"]
    return kinds[0] if kinds else None


@pytest.mark.parametrize("every", [0, 20, 5])
async def test_loss_is_reported_as_it_is(monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    monkeypatch.setattr(reports, "LEAST", 0.3)
    network = Network(monkeypatch, every)
    async with call() as (caller, _, callee, _):
        seen: list[float] = []
        playing = asyncio.create_task(caller.play(KEY, TONE))
        while not playing.done():
            report = await reported(caller)
            seen += [] if report is None else [report.fractionLost / 256]
            await asyncio.sleep(0.02)
        await playing
        lost, taken = network.of(callee)
        async with asyncio.timeout(10):
            # One that is lost last is not missed before the next one comes.
            while (report := await reported(caller)) and report.packetsLost < lost - 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        lost, taken = network.of(callee)
        stats = await callee.stats(KEY)
    assert taken > 100, "the short way was taken"
    assert report is not None
    assert report.packetsLost <= lost
    assert 0 <= lost - stats.packets_lost <= 1
    assert stats.packets_received >= taken
    if every:
        share = float(np.mean([one for one in seen if one]))
        assert share == pytest.approx(1 / every, rel=0.5)


async def test_numbers_and_times_that_wrap_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = itertools.count((1 << 32) - 20 * 960, step=-7)
    dice = SimpleNamespace(getrandbits=lambda bits: 65_500 if bits == 16 else next(begin))
    monkeypatch.setattr("voip.media.private.audio_sender.random", dice)
    async with call() as (caller, _, callee, _):
        ear = Ear()
        callee._calls[KEY].peer.tap.add_audio(ear)
        heard = await hear(caller, callee)
        stats = await callee.stats(KEY)
    numbers = [packet.sequence for packet in ear.packets]
    times = [packet.timestamp for packet in ear.packets]
    assert max(numbers) > 1 << 15 > min(numbers), "it went over the edge"
    assert max(times) > 1 << 31 > min(times)
    assert stats.packets_lost == 0
    assert is_whole(heard)


async def test_another_stream_in_the_middle_of_a_call_is_heard_and_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "LEAST", 0.3)
    async with call() as (caller, _, callee, _):
        ear = Ear()
        callee._calls[KEY].peer.tap.add_audio(ear)
        sender: Any = caller._calls[KEY].peer.lines.sender

        def change() -> None:
            sender._ssrc = audio_sender(caller)._ssrc = 4711

        asyncio.get_running_loop().call_later(1.5, change)
        heard = await hear(caller, callee)
        before = len(ear.packets)
        playing = asyncio.create_task(caller.play(KEY, TONE))
        await until(lambda: len(ear.packets) > before + 50)
        playing.cancel()
        async with asyncio.timeout(10):
            while report := await reported(caller):
                if report.packetsReceived >= 50:
                    break
                await asyncio.sleep(0.05)
    assert len({packet.ssrc for packet in ear.packets}) == 2
    assert report is not None
    assert report.packetsLost == 0
    assert is_whole(heard)


async def hear(caller: MediaEngine, callee: MediaEngine) -> Samples:
    """A second in the middle of the tone, as it is heard."""
    parts: list[Samples] = []
    with callee.listen(KEY, 16_000) as sound:
        playing = asyncio.create_task(caller.play(KEY, TONE))
        async with asyncio.timeout(20):
            async for samples in sound:
                if parts or rms(samples) > 1000:
                    parts.append(samples)
                if len(parts) == 120:
                    break
        await playing
    return np.concatenate(parts)


def is_whole(heard: Samples) -> bool:
    """The tone, apart from what a loaded machine makes of it."""
    loud = [rms(piece) > 1000 for piece in heard[3200:].reshape(-1, 320)]
    return strongest(heard, 16_000) == pytest.approx(500, abs=10) and sum(loud) > 0.8 * len(loud)
