"""Spans of which nothing is kept: of their true length, and nothing of them is in the file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import pytest

from tests.media.audio import encode, in_order, picture, pitch, rms, rtp, speech, sweep_packets
from tests.media.calls import KEY, call, until
from tests.media.test_gaps import heard, seconds_of
from tests.media.test_recorder import Call, later
from voip.media.engine import MediaEngine
from voip.media.errors import UnknownCall
from voip.media.events import Digit, FirstAudio, MarkKind, Recording, RecordingEnded
from voip.media.marks import GUARD, MOST, Cut, Marks
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.sounds import Tone
from voip.signalling.ids import CallKey

BOTH = pytest.mark.parametrize("kind", list(MarkKind))


def feed(call: Call, items: list[AudioPacket | VideoFrame], second: float) -> None:
    """Up to that second of the recording; then the clock stands there."""
    call.feed([item for item in items if call.clock.now <= item.arrival < 1000 + second])
    call.clock.now = 1000 + second


def assert_marked(recording: Recording, kind: MarkKind, begin: float, end: float) -> None:
    (mark,) = recording.marks
    assert mark.kind is kind
    assert (mark.begin, mark.end) == pytest.approx((begin, end))


async def cut(
    folder: Path, kind: MarkKind, *, video: bool, spans: list[tuple[float, float]]
) -> Recording:
    """Four seconds of a sweep, without those spans."""
    call = Call(folder)
    frames = [*picture("VP8"), *later(picture("VP8"), 2.0)] if video else []
    items = in_order(list(rtp(sweep_packets())), frames)
    for begin, end in spans:
        feed(call, items, begin)
        call.recorder.keep_nothing(kind)
        feed(call, items, end)
        call.recorder.keep_again(kind)
    feed(call, items, 4.0)
    return await call.recorder.stop()


@BOTH
@pytest.mark.parametrize("video", [False, True], ids=["ogg", "webm"])
async def test_nothing_of_the_span_is_in_the_file_and_all_else_is_in_its_place(
    tmp_path: Path, kind: MarkKind, video: bool
) -> None:
    recording = await cut(tmp_path, kind, video=video, spans=[(1.0, 2.4)])
    until = 2.4 + (GUARD if kind is MarkKind.MASK else 0)
    assert_marked(recording, kind, 1.0, until)
    assert recording.seconds == pytest.approx(4.0, abs=0.05)
    assert seconds_of(recording.path) == pytest.approx(4.0, abs=0.05)
    data = recording.path.read_bytes()
    payloads = sweep_packets()
    kept = [n for n, payload in enumerate(payloads) if payload in data]
    assert kept == [n for n in range(200) if not 1.0 <= n * 0.02 < until - 1e-6]
    samples = heard(recording.path)
    for second in (0.5, 0.85, until + 0.1, 3.5):
        assert pitch(samples, second) == pytest.approx(300 + 200 * (second + 0.05), abs=15)
    assert rms(samples[round(1.2 * 48_000) : round((until - 0.05) * 48_000)]) < 2


@BOTH
async def test_the_picture_goes_on_with_a_keyframe(tmp_path: Path, kind: MarkKind) -> None:
    recording = await cut(tmp_path, kind, video=True, spans=[(1.5, 2.2)])
    with av.open(str(recording.path)) as container:
        seconds = [float(p.time or 0) for p in container.decode(container.streams.video[0])]
    # Keyframes come each second.
    assert [second for second in seconds if 1.52 < second < 2.98] == []
    assert len(seconds) == 45 + 30


@BOTH
async def test_a_span_that_lasts_to_the_end_ends_with_the_recording(
    tmp_path: Path, kind: MarkKind
) -> None:
    call = Call(tmp_path)
    items = [*rtp(sweep_packets())]
    feed(call, list(items), 3.0)
    call.recorder.keep_nothing(kind)
    feed(call, list(items), 60.0)
    recording = await call.recorder.stop()
    assert_marked(recording, kind, 3.0, 60.0)
    assert recording.seconds == pytest.approx(60.0, abs=0.05)


async def test_a_pause_within_a_mask_does_not_end_it(tmp_path: Path) -> None:
    call = Call(tmp_path)
    items = list(rtp(sweep_packets()))
    feed(call, [*items], 1.0)
    call.recorder.keep_nothing(MarkKind.MASK)
    call.recorder.keep_nothing(MarkKind.PAUSE)
    feed(call, [*items], 2.0)
    call.recorder.keep_again(MarkKind.PAUSE)
    call.recorder.keep_again(MarkKind.PAUSE)
    feed(call, [*items], 4.0)
    recording = await call.recorder.stop()
    assert {mark.kind for mark in recording.marks} == set(MarkKind)
    assert recording.seconds == pytest.approx(4.0, abs=0.05)
    assert rms(heard(recording.path)[round(1.2 * 48_000) :]) < 2


async def test_who_speaks_while_masked_is_not_silent(tmp_path: Path) -> None:
    call = Call(tmp_path, until_silence=2.0)
    said = encode(speech())
    items = list(rtp((said * 5)[: 14 * 50], level=20))
    feed(call, [*items], 1.0)
    call.recorder.keep_nothing(MarkKind.MASK)
    feed(call, [*items], 14.0)
    recording = await call.recorder.stop()
    assert recording.seconds == pytest.approx(14.0, abs=0.05)


def test_marks_do_not_grow_without_end() -> None:
    marks = Marks()
    for n in range(3 * MOST):
        marks.cut(Cut(MarkKind.PAUSE, True, 2.0 * n))
        marks.cut(Cut(MarkKind.PAUSE, False, 2.0 * n + 1))
    spans = marks.spans(0.0, 1e6)
    assert len(spans) == MOST
    assert spans[0].end == 1.0
    assert spans[-1].end == 6 * MOST - 1


async def pressed(one: MediaEngine, digits: str) -> None:
    await one.send_digits(KEY, digits)
    await asyncio.sleep(0.05)


async def test_a_masked_call_is_masked_in_what_is_recorded_and_pressed(tmp_path: Path) -> None:
    async with call() as (caller, _, callee, hears):
        await hears.wait(FirstAudio)
        await callee.start_recording(KEY, tmp_path)
        await pressed(caller, "1")
        await callee.mask(KEY)
        await caller.play(KEY, Tone(seconds=0.5))
        await pressed(caller, "42")
        await callee.unmask(KEY)
        await asyncio.sleep(GUARD + 0.1)
        await pressed(caller, "7")
        await caller.play(KEY, Tone(seconds=0.5))
        await until(lambda: len(hears.of(Digit)) == 4)
        await callee.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
        assert [(d.digit, d.masked) for d in hears.of(Digit)] == [
            ("1", False),
            ("4", True),
            ("2", True),
            ("7", False),
        ]
    (mark,) = ended.recording.marks
    samples = heard(ended.recording.path)
    assert rms(samples[round((mark.begin + 0.1) * 48_000) : round(mark.end * 48_000)]) < 2
    assert rms(samples[round(mark.end * 48_000) :]) > 100


async def test_a_recording_that_begins_in_a_masked_call_begins_masked(tmp_path: Path) -> None:
    async with call() as (caller, _, callee, hears):
        await hears.wait(FirstAudio)
        await callee.mask(KEY)
        await callee.start_recording(KEY, tmp_path)
        await caller.play(KEY, Tone(seconds=0.5))
        await callee.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
        await callee.unmask(KEY)
        await callee.unmask(KEY)
        await callee.resume_recording(KEY)
        with pytest.raises(UnknownCall):
            await callee.mask(CallKey("!room:example.org", "another"))
    assert rms(heard(ended.recording.path)) < 2
