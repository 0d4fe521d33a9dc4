"""Calls that worker processes carry, with real peers in this process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import Samples, decode, rms
from tests.media.calls import engine, sample, until
from tests.media.workers.pools import A, B, C, answer, called, connected, pool, worker_of
from voip.media.errors import (
    AlreadyRecording,
    BadDescription,
    CallClosed,
    DuplicateCall,
    NotTogether,
    PortInUse,
    UnknownCall,
)
from voip.media.events import Connected, Digit, FirstAudio, RecordingEnd, RecordingEnded
from voip.media.interface import Media
from voip.media.libopus import OpusError
from voip.media.settings import MediaSettings
from voip.media.shared_port import SharedPort
from voip.media.sound_errors import SoundError
from voip.media.sounds import Silence, SoundFile, Tone
from voip.media.workers.pool import MediaPool, create_media
from voip.media.workers.samples import CREDIT
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey


async def test_a_call_in_a_worker_talks_records_and_hears(tmp_path: Path) -> None:
    async with called(A) as (one, heard, caller, hears):
        await heard.wait(FirstAudio)
        await one.start_recording(A, tmp_path)
        await asyncio.gather(
            caller.play(A, Tone(hertz=600, seconds=1.0)), one.play(A, Tone(seconds=0.3))
        )
        await caller.send_digits(A, "42#")
        assert (await one.stats(A)).packets_received > 50
        await one.close(A)
        # What had to be said has been said when close returns.
        (ended,) = heard.of(RecordingEnded)
        assert one.live == 0
        await hears.wait(FirstAudio)
    assert ended.recording.ended is RecordingEnd.CALL_ENDED
    assert ended.recording.path == tmp_path / "audio.ogg"
    assert rms(decode(ended.recording.path)) > 1000
    assert [event.digit for event in heard.of(Digit)] == ["4", "2", "#"]
    kinds = [type(event) for event in heard.events]
    assert kinds[:2] == [Connected, FirstAudio]
    assert kinds.index(Digit) < kinds.index(RecordingEnded)


async def test_a_call_that_we_place_is_carried_too() -> None:
    async with pool(1) as (one, heard), engine() as (callee, _):
        offer = await one.create_offer(A, video=False, ice_servers=())
        await one.apply_answer(A, await callee.create_answer(A, offer, ice_servers=()))
        await one.add_candidates(A, [Candidate("")])
        await connected(heard, A)


async def test_what_is_heard_comes_as_samples() -> None:
    async with called(A) as (one, _, caller, _):
        with one.listen(A, 8000) as sound:
            playing = asyncio.create_task(caller.play(A, Tone(hertz=500, seconds=2)))
            pieces: list[Samples] = []
            async with asyncio.timeout(20):
                async for samples in sound:
                    if pieces or rms(samples) > 1000:
                        pieces.append(samples)
                    if len(pieces) == 50:
                        break
            await playing
        whole = np.concatenate(pieces)
        assert whole.dtype == np.int16
        assert whole.shape == (8000,)
        spectrum = np.abs(np.fft.rfft(whole.astype(float)))
        assert int(np.argmax(spectrum)) == pytest.approx(500, abs=10)
        assert sound.dropped == 0
        assert [samples async for samples in sound] == []
        with pytest.raises(OpusError):
            one.listen(A, 44_100)  # type: ignore[arg-type]


async def test_a_reader_that_is_slow_loses_the_oldest_in_the_worker() -> None:
    """Half a second is on its way at most; the rest waits, bounded, where it was decoded."""
    async with called(A, workers=1) as (one, _, caller, _):
        playing = asyncio.create_task(caller.play(A, Tone(seconds=60)))
        with one.listen(A) as sound:
            await asyncio.sleep(7)
            assert len(sound._ready) == CREDIT
            async with asyncio.timeout(20):
                while not sound.dropped:
                    await anext(sound)
        playing.cancel()


async def test_listening_ends_with_the_call() -> None:
    async with called(A) as (one, _, _, _):
        with one.listen(A) as sound:
            reading = asyncio.create_task(anext(sound, None))
            await one.close(A)
            async with asyncio.timeout(10):
                await reading
                async for _ in sound:  # until the end
                    pass
        with pytest.raises(UnknownCall):
            one.listen(A)


async def test_calls_go_to_the_least_loaded_worker() -> None:
    async with pool(2) as (one, _), engine() as (caller, _):
        for key in (A, B):
            await answer(one, caller, key)
        assert worker_of(one, A) is not worker_of(one, B)
        await one.close(A)
        await answer(one, caller, C)
        assert worker_of(one, C) is not worker_of(one, B)
        assert one.live == 2


async def test_bridged_calls_have_to_be_together() -> None:
    async with called(A, B) as (one, _, caller, _):
        with pytest.raises(NotTogether, match="near="):
            await one.bridge(A, B)
        one.keep_together(C, B)
        await answer(one, caller, C)
        assert worker_of(one, C) is worker_of(one, B)
        await one.bridge(B, C)
        await one.unbridge(B)


async def test_a_call_that_took_anothers_place_is_where_that_was_to_be() -> None:
    async with called(A, B) as (one, _, caller, _):
        glare = CallKey(C.room_id, "theirs")
        one.keep_together(C, B)
        one.keep_together(glare, C)  # C gave way to it
        one.keep_together(A, A)  # nonsense ends nothing
        await answer(one, caller, glare)
        assert worker_of(one, glare) is worker_of(one, B)


async def test_errors_arrive_as_they_are(tmp_path: Path) -> None:
    async with called(A) as (one, _, _, _):
        with pytest.raises(DuplicateCall):
            await one.create_answer(A, sample("chromium-audio"), ice_servers=())
        with pytest.raises(BadDescription):
            await one.create_answer(B, "v=0", ice_servers=())
        with pytest.raises(UnknownCall):
            await one.play(B, Tone())
        with pytest.raises(SoundError):
            await one.play(A, SoundFile(tmp_path / "none.ogg"))
        with pytest.raises(ValueError, match="0"):
            await one.start_recording(A, tmp_path, max_seconds=-1)
        await one.start_recording(A, tmp_path)
        with pytest.raises(AlreadyRecording):
            await one.start_recording(A, tmp_path)
        assert one._calls[A].recording == tmp_path
        with pytest.raises(AttributeError):
            one.no_such_method  # noqa: B018
        assert one.live == 1  # of the one that failed, nothing is left
        await one.close(B)


async def test_a_call_that_is_over_is_asked_for_where_it_was() -> None:
    """And one that nobody knows, anywhere: the engine says what comes of it."""
    async with called(A, B) as (one, _, _, _):
        former = worker_of(one, B)
        await one.close(B)
        assert one._worker_of(B) is former
        for key in (B, C):
            with pytest.raises(UnknownCall):
                await one.stop_echo(key)
            await one.close(key)


async def test_what_plays_ends_with_the_call() -> None:
    async with called(A) as (one, _, _, _):
        playing = asyncio.create_task(one.play(A, Tone(seconds=30)))
        await asyncio.sleep(0.3)
        await one.close(A)
        with pytest.raises(CallClosed):
            await asyncio.wait_for(playing, 10)


async def test_cancelling_here_stops_it_there() -> None:
    async with called(A) as (one, _, caller, _):
        playing = asyncio.create_task(one.play(A, Tone(seconds=30)))
        with caller.listen(A) as sound:
            async with asyncio.timeout(10):
                while rms(await anext(sound)) < 1000:
                    pass
                playing.cancel()
                await one.play(A, Silence(0.1))  # behind it, would it still play
                quiet = 0
                while quiet < 10:
                    quiet = quiet + 1 if rms(await anext(sound)) < 100 else 0
        assert not worker_of(one, A)._asked


async def test_a_call_that_is_given_up_while_it_begins_leaves_nothing() -> None:
    async with pool(1) as (one, _):
        beginning = asyncio.create_task(one.create_offer(A, video=False, ice_servers=()))
        await asyncio.sleep(0)
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)
        await one.close(A)
        assert one.live == 0
        assert await one.create_offer(A, video=False, ice_servers=())


async def test_a_sound_is_made_ready_in_every_worker(tmp_path: Path) -> None:
    async with pool(2) as (one, _):
        await one.prepare(Tone())
        with pytest.raises(SoundError):
            await one.prepare(SoundFile(tmp_path / "none.ogg"))


async def test_each_worker_has_a_port_of_its_own() -> None:
    free = SharedPort(0)
    free.open()
    port = free.port
    free.close()
    settings = MediaSettings(workers=2, port=port)
    async with pool(settings=settings) as (one, _), engine() as (caller, _):
        for key, number in ((A, port), (B, port + 1)):
            offer = await caller.create_offer(key, video=False, ice_servers=())
            answer = await one.create_answer(key, offer, ice_servers=())
            assert f" {number} typ host" in answer
        # Another process has one of them: then nothing is started.
        with pytest.raises(PortInUse) as told:
            await MediaPool(MediaSettings(workers=2, port=port + 1), lambda event: None).open()
        assert told.value.port == port + 1


async def test_the_settings_say_where_media_are_carried() -> None:
    def ignore(event: object) -> None: ...

    alone: Media = create_media(MediaSettings(), ignore)
    assert not isinstance(alone, MediaPool)
    assert isinstance(create_media(MediaSettings(workers=1), ignore), MediaPool)
    with pytest.raises(ValueError, match="below 65536"):
        MediaSettings(port=65535, workers=2)


async def test_a_listener_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: object) -> None:
        raise RuntimeError("on purpose")

    one = MediaPool(MediaSettings(workers=1), broken)
    await one.open()
    try:
        async with engine() as (caller, hears):
            await answer(one, caller, A)
            await connected(hears, A)
            await until(lambda: "the listener of media events failed" in caplog.text)
            assert (await one.stats(A)).connected
    finally:
        await one.aclose()
