"""Chromium falls silent in the ways that it has: what is said afterwards lies where it was said.

Its fake microphone beeps twice a second on its own clock, whatever becomes of the beeps: they stay
on that grid where a gap has its true length.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.browser import chromium
from tests.media.calls import KEY, engine
from tests.media.chromium import Tab, tab
from tests.media.pacman import beeps
from tests.media.test_gaps import seconds_of
from voip.media.events import FirstAudio, RecordingEnded
from voip.signalling.events import Change

pytestmark = pytest.mark.asyncio(loop_scope="module")
GAP = 4.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


async def hold(it: Tab) -> None:
    """We put it on hold: it stops sending (RFC 3264 §8.4)."""
    await it.change(Change(hold=True))
    await asyncio.sleep(GAP)
    await it.change(Change(hold=False))


async def held(it: Tab) -> None:
    """It puts us on hold."""
    await it.run("() => { pc.getTransceivers()[0].direction = 'inactive'; }")
    await it.renegotiate()
    await asyncio.sleep(GAP)
    await it.run("() => { pc.getTransceivers()[0].direction = 'sendrecv'; }")
    await it.renegotiate()


async def mute(it: Tab) -> None:
    """It goes on sending, silence."""
    await it.run("() => { stream.getAudioTracks()[0].enabled = false; }")
    await asyncio.sleep(GAP)
    await it.run("() => { stream.getAudioTracks()[0].enabled = true; }")


async def fall_silent(it: Tab) -> None:
    """It sends nothing any more, and says so to nobody."""
    await it.run("() => pc.getSenders()[0].replaceTrack(null)")
    await asyncio.sleep(GAP)
    await it.run("() => pc.getSenders()[0].replaceTrack(stream.getAudioTracks()[0])")


@pytest.mark.parametrize("silence", [hold, held, mute, fall_silent])
async def test_a_gap_has_its_true_length(
    browser: Browser, tmp_path: Path, silence: Callable[[Tab], Awaitable[None]]
) -> None:
    async with engine() as (one, heard), tab(browser, one) as it:
        await it.connect(heard, calls=True)
        await heard.wait(FirstAudio)
        loop = asyncio.get_running_loop()
        await one.start_recording(KEY, tmp_path)
        began = loop.time()
        await asyncio.sleep(2)
        await silence(it)
        await asyncio.sleep(4)
        await one.stop_recording(KEY)
        took = loop.time() - began
        (ended,) = heard.of(RecordingEnded)
    recording = ended.recording
    assert recording.seconds == pytest.approx(took, abs=0.6)
    assert seconds_of(recording.path) == pytest.approx(recording.seconds, abs=0.05)
    found = np.array(beeps(recording.path))
    gap = float(np.diff(found).max())
    assert gap > GAP - 1
    after = found[int(np.argmax(np.diff(found))) + 1 :]
    assert len(after) >= 2
    # The first ones may be cut short by the gap's end.
    off = (after[1:] - found[1]) - 0.5 * np.round((after[1:] - found[1]) / 0.5)
    # A browser that beeps out of time, as on a machine that is too slow for it, is no clock.
    steady = np.abs(np.diff(off)).max() <= 0.01
    assert np.abs(off).max() <= (0.06 if steady else 0.24)
