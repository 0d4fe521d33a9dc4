"""How often a call of sound reports (RFC 3550 §6.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.rtp import RTCP_RR, RTCP_SR

from tests.media.calls import KEY, call, until
from voip.media.private import reports
from voip.media.private.names import Dtls
from voip.media.sounds import Tone


class Pace:
    """Asyncio's clock and sleep, in which sleeping takes no time."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_the_first_reports_come_soon_and_the_others_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace = Pace()
    monkeypatch.setattr(asyncio, "sleep", pace.sleep)
    sleep = reports._sleeps()
    for _ in range(5):
        await sleep(1.0)
    soon, seldom = pace.slept[: reports.SOON], pace.slept[reports.SOON :]
    assert all(1.0 <= seconds <= 1.2 for seconds in soon)
    assert all(reports.LEAST <= seconds <= reports.LEAST + 0.2 for seconds in seldom)


async def test_both_sides_still_report_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of both kinds leave, by the loops of aiortc itself."""
    monkeypatch.setattr(reports, "LEAST", 0.2)
    async with call() as (caller, _, callee, _):
        kinds: set[int] = set()
        dtls = callee._calls[KEY].peer._pc.getTransceivers()[0].receiver.transport
        original: Callable[[bytes], Any] = getattr(dtls, Dtls.SEND_RTP)

        async def send(data: bytes) -> None:
            kinds.add(data[1])
            await original(data)

        setattr(dtls, Dtls.SEND_RTP, send)
        playing = asyncio.create_task(caller.play(KEY, Tone(seconds=5)))
        await until(lambda: {RTCP_SR, RTCP_RR} <= kinds)
        playing.cancel()
        stats = await callee.stats(KEY)
        assert stats.connected
