"""Live sources through real calls."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.media.audio import RATE, Samples, rms, speech, sweep
from tests.media.calls import KEY, call, engine
from tests.media.test_bridge import A, B, bridged, ear_at, loud
from voip.media import opus
from voip.media.engine import MediaEngine
from voip.media.errors import AlreadySpeaking, CallClosed, NotSpeaking, UnknownCall
from voip.media.events import FirstAudio
from voip.media.libopus import OpusError

STEADY = sweep(1.0, start=700.0, slope=0.0)


async def heard(one: MediaEngine, seconds: float) -> Samples:
    """Of what comes, so many seconds from where it is loud."""
    parts: list[Samples] = []
    with one.listen(KEY, 48_000) as sound:
        async with asyncio.timeout(10):
            async for samples in sound:
                if parts or rms(samples) > 1000:
                    parts.append(samples)
                if len(parts) * 0.02 >= seconds:
                    break
    return np.concatenate(parts)


def strongest(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


async def test_samples_are_heard_at_the_other_side() -> None:
    async with call() as (one, hears, other, _):
        await hears.wait(FirstAudio)
        hearing = asyncio.create_task(heard(other, 0.8))
        await one.open_line(KEY, 16_000)
        for _ in range(2):
            await one.write_line(KEY, STEADY[::3].tobytes())
        await one.close_line(KEY)
        assert strongest(await hearing) == pytest.approx(700, abs=5)
        with pytest.raises(NotSpeaking):
            await one.write_line(KEY, b"\0\0")
        await one.close_line(KEY)  # ended already


async def test_two_calls_hear_the_same_packets() -> None:
    async with bridged() as (middle, one, other):
        await middle.unbridge(A)
        ears = [ear_at(one), ear_at(other)]
        await middle.open_line(A)
        await middle.share_line(A, B)
        with pytest.raises(AlreadySpeaking):
            await middle.open_line(B)
        with pytest.raises(NotSpeaking):
            await middle.share_line(B, A)
        await middle.write_line(A, STEADY.tobytes())
        await middle.close_line(A)
        await asyncio.sleep(0.2)
        at_one, at_other = (loud(ear.packets) for ear in ears)
        assert len(at_one) == 50
        assert at_other == at_one
        await middle.open_line(B)
        with pytest.raises(UnknownCall):
            await middle.share_line(B, KEY)


async def test_the_end_of_the_call_ends_a_write_and_the_others_hear_nothing_more() -> None:
    async with bridged() as (middle, _, other):
        await middle.unbridge(A)
        await middle.open_line(A)
        await middle.share_line(A, B)
        writing = asyncio.create_task(middle.write_line(A, STEADY.tobytes() * 10))
        await asyncio.sleep(0.3)
        await middle.close(A)
        with pytest.raises(CallClosed):
            await writing
        with pytest.raises(UnknownCall):
            await middle.write_line(A, b"\0\0")
        await middle.open_line(B)  # nothing holds it
        await middle.close_line(B, drop=True)
        assert not middle._live._sources
        assert not middle._live._heard
        assert other.live == 1


async def test_interrupting_drops_what_waits() -> None:
    async with call() as (one, hears, _, _):
        await hears.wait(FirstAudio)
        await one.open_line(KEY)
        writing = asyncio.create_task(one.write_line(KEY, STEADY.tobytes() * 5))
        await asyncio.sleep(0.5)
        assert 0.1 <= await one.clear_line(KEY) <= 0.2
        await writing
        await one.close_line(KEY)
        with pytest.raises(NotSpeaking):
            await one.clear_line(KEY)


async def test_a_line_that_cannot_be_is_refused() -> None:
    async with call() as (one, _, _, _), engine() as (nobody, _):
        with pytest.raises(OpusError):
            await one.open_line(KEY, 44_100)  # type: ignore[arg-type]
        await one.open_line(KEY)
        with pytest.raises(ValueError, match="two bytes"):
            await one.write_line(KEY, b"\0")
        with pytest.raises(UnknownCall):
            await nobody.open_line(KEY)


@pytest.mark.parametrize("wants", [True, False])
async def test_copies_are_sent_to_whom_they_help(wants: bool) -> None:
    def edit(answer: str) -> str:
        return answer if wants else answer.replace("useinbandfec=1", "useinbandfec=0")

    async with call(edit_answer=edit) as (one, _, other, _):
        ear = ear_at(other)
        await one.open_line(KEY)
        await one.write_line(KEY, speech()[: 2 * RATE].tobytes())
        await one.close_line(KEY)
        await asyncio.sleep(0.1)
    with_copy = [packet for packet in ear.packets if opus.has_fec(packet.payload)]
    assert (len(with_copy) > 20) is wants
    assert bool(with_copy) is wants
