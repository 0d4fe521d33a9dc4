"""Calls between two engines, over real ICE, DTLS and SRTP."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
from pathlib import Path

import pytest

from tests.media.calls import KEY, call, engine, sample
from voip.media.engine import MediaEngine
from voip.media.errors import (
    AlreadyRecording,
    BadDescription,
    CallClosed,
    DuplicateCall,
    NoCommonCodec,
    UnknownCall,
)
from voip.media.events import Connected, FirstAudio, RecordingEnd, RecordingEnded, RecordingGrew
from voip.media.limits import PartLimits
from voip.media.settings import MediaSettings
from voip.media.sounds import Silence, Tone
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey


async def test_a_call_connects_and_audio_flows_both_ways_without_anything_playing() -> None:
    async with call() as (caller, hears, callee, callee_hears):
        await hears.wait(FirstAudio)
        await callee_hears.wait(FirstAudio)
        stats = await caller.stats(KEY)
        assert stats.connected
        assert stats.packets_received > 0
        assert stats.packets_refused == 0
        assert (await callee.stats(KEY)).candidates_ignored == 0
    assert len(hears.of(Connected)) == len(hears.of(FirstAudio)) == 1


async def test_what_one_side_plays_the_other_side_records(tmp_path: Path) -> None:
    async with call() as (caller, _, callee, hears):
        await callee.start_recording(KEY, tmp_path)
        await caller.play(KEY, Tone(seconds=1.0))
        await callee.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
    assert ended.recording.ended is RecordingEnd.STOPPED
    assert ended.recording.mime_type == "audio/ogg"
    assert 0.8 < ended.recording.seconds < 2
    assert ended.recording.path.is_relative_to(tmp_path)
    assert ended.recording.size == ended.recording.path.stat().st_size > 3000
    assert len(hears.of(RecordingEnded)) == 1


async def test_a_recording_goes_on_in_another_file_and_says_so(tmp_path: Path) -> None:
    settings = MediaSettings(part_limits=PartLimits(0.5))
    async with call(settings=settings) as (caller, _, callee, hears):
        await callee.start_recording(KEY, tmp_path)
        await caller.play(KEY, Tone(seconds=1.2))
        await callee.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
        grew = hears.of(RecordingGrew)
    files = [part.path.name for part in (ended.recording, *ended.recording.parts)]
    assert files[:3] == ["audio.ogg", "audio-2.ogg", "audio-3.ogg"]
    assert [len(one.recording.parts) for one in grew] == list(range(len(grew)))
    assert len(grew) >= len(files) - 1  # the last may have begun with the end


async def test_closing_a_call_ends_its_recording_first(tmp_path: Path) -> None:
    async with call() as (_, _, callee, hears):
        await hears.wait(FirstAudio)
        await callee.start_recording(KEY, tmp_path)
        await callee.close(KEY)
        (ended,) = hears.of(RecordingEnded)
        assert ended.recording.ended is RecordingEnd.CALL_ENDED
        await callee.close(KEY)
    assert len(hears.of(RecordingEnded)) == 1


async def test_a_recording_ends_by_itself_and_the_next_one_can_begin(tmp_path: Path) -> None:
    async with call() as (_, _, callee, hears):
        await callee.start_recording(KEY, tmp_path, max_seconds=0.3)
        with pytest.raises(AlreadyRecording):
            await callee.start_recording(KEY, tmp_path)
        ended = await hears.wait(RecordingEnded)
        assert ended.recording.ended is RecordingEnd.MAX_SECONDS
        await callee.stop_recording(KEY)
        second = tmp_path / "second"
        second.mkdir()
        await callee.start_recording(KEY, second)
        await callee.stop_recording(KEY)
    assert [event.recording.ended for event in hears.of(RecordingEnded)] == [
        RecordingEnd.MAX_SECONDS,
        RecordingEnd.STOPPED,
    ]


async def test_the_echo_sends_back_what_it_hears(tmp_path: Path) -> None:
    async with call() as (caller, hears, callee, _):
        await callee.start_echo(KEY)
        await callee.start_echo(KEY)
        await caller.start_recording(KEY, tmp_path)
        await caller.play(KEY, Tone(seconds=0.5))
        await asyncio.sleep(0.8)
        await callee.stop_echo(KEY)
        await callee.stop_echo(KEY)
        await caller.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
    # Silence alone is 3 bytes a packet; a second of it would not be a tenth of this.
    assert ended.recording.size > 1500


async def test_a_sound_ends_with_the_call() -> None:
    async with call() as (caller, _, _, _):
        playing = asyncio.create_task(caller.play(KEY, Silence(seconds=30)))
        await asyncio.sleep(0.05)
        await caller.close(KEY)
        with pytest.raises(CallClosed):
            await playing


async def test_commands_for_a_call_without_media_say_so(tmp_path: Path) -> None:
    async with engine() as (one, _):
        await one.close(KEY)
        for command in (
            one.apply_answer(KEY, ""),
            one.add_candidates(KEY, []),
            one.play(KEY, Tone()),
            one.start_recording(KEY, tmp_path),
            one.stop_recording(KEY),
            one.start_echo(KEY),
            one.stop_echo(KEY),
            one.stats(KEY),
        ):
            with pytest.raises(UnknownCall):
                await command


async def test_a_call_has_media_once() -> None:
    async with engine() as (one, _):
        await one.create_offer(KEY, video=False, ice_servers=[])
        with pytest.raises(DuplicateCall):
            await one.create_offer(KEY, video=False, ice_servers=[])
        with pytest.raises(DuplicateCall):
            await one.create_answer(KEY, sample("chromium-audio"), ice_servers=[])


async def test_a_bad_offer_leaves_nothing_behind_and_other_calls_alone() -> None:
    async with call() as (_, _, callee, hears):
        other = CallKey("!room:example.org", "other")
        with pytest.raises(BadDescription):
            await callee.create_answer(other, "v=0\r\ngarbage", ice_servers=[])
        offer = sample("chromium-audio").replace("opus/48000/2", "speex/48000/2")
        with pytest.raises(NoCommonCodec):
            await callee.create_answer(other, offer, ice_servers=[])
        assert callee.live == 1
        assert (await callee.stats(KEY)).connected
        await callee.create_answer(other, sample("firefox-video"), ice_servers=[])
        assert callee.live == 2
    assert len(hears.of(Connected)) == 1


async def test_an_engine_that_is_closed_has_no_task_left() -> None:
    before = asyncio.all_tasks()
    async with call(video=True):
        pass
    # aiortc's own tasks see the closed transports in the loop's next rounds.
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=2)
        assert not pending


async def test_a_call_closed_while_its_answer_is_prepared() -> None:
    async with engine() as (one, _):
        answering = asyncio.create_task(
            one.create_answer(KEY, sample("chromium-video"), ice_servers=[])
        )
        await asyncio.sleep(0)
        await one.close(KEY)
        with pytest.raises(CallClosed):
            await answering
        assert one.live == 0


async def test_calls_that_end_at_any_moment_leave_nothing_running(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """aiortc starts senders and timers in a connection that closes while it connects."""
    before = asyncio.all_tasks()
    dice = random.Random(5)  # noqa: S311 - reproducible, not secret

    async def hang_up_soon(number: int, one: MediaEngine, other: MediaEngine) -> None:
        key = CallKey("!room:example.org", str(number))
        offer = await one.create_offer(key, video=True, ice_servers=[])
        answer = await other.create_answer(key, offer, ice_servers=[])
        await one.apply_answer(key, answer)
        await asyncio.sleep(dice.random() * 0.15)
        await one.close(key)
        await asyncio.sleep(dice.random() * 0.05)
        await other.close(key)

    async with engine() as (one, _), engine() as (other, _):
        for batch in range(6):
            numbers = range(batch * 5, batch * 5 + 5)
            await asyncio.gather(*(hang_up_soon(number, one, other) for number in numbers))
        assert one.live == other.live == 0
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=2)
        assert not pending
    gc.collect()  # a task's exception that nobody took is logged when the task goes
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_listener_that_raises_does_not_end_the_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(event: object) -> None:
        raise RuntimeError("no")

    one = MediaEngine(MediaSettings(), broken)
    async with engine() as (other, hears):
        offer = await one.create_offer(KEY, video=False, ice_servers=[])
        await one.apply_answer(KEY, await other.create_answer(KEY, offer, ice_servers=[]))
        await hears.wait(FirstAudio)
        assert (await one.stats(KEY)).connected
        await one.aclose()
    assert "listener of media events failed" in caplog.text


async def test_candidates_that_come_before_the_answer_are_held() -> None:
    def without_candidates(answer: str) -> str:
        lines = answer.split("\r\n")
        return "\r\n".join(line for line in lines if "candidate" not in line)

    async with engine() as (caller, hears), engine() as (callee, _):
        offer = await caller.create_offer(KEY, video=False, ice_servers=[])
        answer = await callee.create_answer(KEY, without_candidates(offer), ice_servers=[])
        lines = [line[2:] for line in answer.split("\r\n") if line.startswith("a=candidate:")]
        await caller.add_candidates(KEY, [Candidate(line, "0", 0) for line in lines])
        await caller.add_candidates(KEY, [Candidate("")])
        await caller.apply_answer(KEY, without_candidates(answer))
        await hears.wait(Connected)
        assert (await caller.stats(KEY)).candidates_ignored == 0
