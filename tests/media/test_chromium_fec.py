"""Chromium sends in-band FEC when our reports say that packets are lost, and what is lost is
recovered from it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser

from tests.e2e.browser import chromium
from tests.media.audio import RATE, speech
from tests.media.calls import KEY, engine
from tests.media.chromium import tab
from tests.media.test_private import Ear
from tests.media.test_receiving import Network
from voip.media import opus, sections
from voip.media.decisions import Counts
from voip.media.events import FirstAudio

LOST = 20
"""One in so many: 5 %."""
PACKETS, LAST = 700, 200
"""How many are awaited, and how many of them come well after the first reports."""
PATIENCE = 60


@pytest.fixture
async def talker(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone talks for half a minute."""
    microphone = tmp_path / "microphone.wav"
    with wave.open(str(microphone), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.tile(speech(), 6).tobytes())
    async with chromium(microphone=microphone) as browser:
        yield browser


async def copies(browser: Browser, *, calls: bool) -> tuple[float, Counts]:
    """The share of the last packets that carry a copy (RFC 6716 §2.1.7), and what was heard."""
    async with engine() as (one, heard), tab(browser, one) as it:
        await it.connect(heard, calls=calls)
        await heard.wait(FirstAudio)
        ear = Ear()
        one._calls[KEY].peer.tap.add_audio(ear)
        with one.listen(KEY) as sound:
            async with asyncio.timeout(PATIENCE):
                async for _ in sound:
                    if len(ear.packets) >= PACKETS:
                        break
        last = [opus.has_fec(packet.payload) for packet in ear.packets[-LAST:]]
        return sum(last) / len(last), sound.counts


@pytest.mark.parametrize("calls", [True, False], ids=["it-calls", "we-call"])
async def test_it_sends_copies_where_loss_is_reported_and_they_are_used(
    talker: Browser, calls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Network(monkeypatch, every=LOST)
    share, counts = await copies(talker, calls=calls)
    assert share > 0.5
    assert counts.recovered >= opus.FRAME  # how many depends on when it begins to send copies


async def test_without_loss_it_sends_none(talker: Browser) -> None:
    share, counts = await copies(talker, calls=True)
    assert share < 0.05
    assert counts.recovered == 0


async def test_it_sends_none_to_a_side_that_does_not_ask(
    talker: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "OPUS_FMTP", "minptime=10;useinbandfec=0")
    Network(monkeypatch, every=LOST)
    share, _ = await copies(talker, calls=True)
    assert share == 0
