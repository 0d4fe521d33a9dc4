"""However a party falls silent and whatever its clock does, the recording is as long as the call,
and what is said is where it was said."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace

from tests.media.audio import decode, in_order, picture, pitch, rms, rtp, sweep_packets
from tests.media.test_recorder import Call, later
from voip.media import opus
from voip.media.events import Recording
from voip.media.packets import AudioPacket, SenderReport, VideoFrame
from voip.media.placing import Placing
from voip.media.timeline import Timeline

KINDS = pytest.mark.parametrize("video", [False, True], ids=["ogg", "webm"])
GAP = 6.0


async def recorded(
    folder: Path, sound: Sequence[AudioPacket], *, video: bool, until: float | None = None
) -> Recording:
    """`until`: the second at which the recording is stopped, the last packet's where not said."""
    call = Call(folder)
    frames = [picture("VP8", 30)[0]] if video else []
    call.feed(in_order(sound, frames))
    call.clock.now = max(item.arrival for item in sound) + 0.02 if until is None else 1000 + until
    return await call.recorder.stop()


def seconds_of(path: Path) -> float:
    """As a player finds it."""
    with av.open(str(path)) as container:
        assert container.duration is not None
        return container.duration / av.time_base


def heard(path: Path) -> np.ndarray:
    """The sound with its gaps as silence, as a player plays it."""
    with av.open(str(path)) as container:
        whole = np.zeros(round((seconds_of(path) + 1) * 48_000), np.int16)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for frame in container.decode(container.streams.audio[0]):
            at = round(float(frame.time or 0) * 48_000)
            for part in resampler.resample(frame):
                samples = part.to_ndarray().ravel()
                room = whole[max(at, 0) : at + len(samples)]
                room[:] = samples[len(samples) - len(room) :]
    return whole


def interrupted(counts: float, sequence: int = 100) -> list[AudioPacket]:
    """Two seconds, then nothing for `GAP` of which the timestamps count `counts`, two more."""
    payloads = sweep_packets()
    ticks = round(counts * 48_000)
    return [
        *rtp(payloads[:100]),
        *rtp(payloads[100:], sequence=sequence, timestamp=96_000 + ticks, arrival=1000 + 2 + GAP),
    ]


@KINDS
@pytest.mark.parametrize("counts", [GAP, 0.0, 0.02, -300.0, 300.0, GAP - 2.5])
@pytest.mark.parametrize("sequence", [100, 400, 60_000])
async def test_a_pause_of_the_sender_has_its_true_length(
    tmp_path: Path, video: bool, counts: float, sequence: int
) -> None:
    recording = await recorded(tmp_path, interrupted(counts, sequence), video=video)
    assert recording.seconds == pytest.approx(4 + GAP, abs=0.05)
    assert seconds_of(recording.path) == pytest.approx(4 + GAP, abs=0.05)
    samples = heard(recording.path)
    for second in (0.5, 1.5):
        assert pitch(samples, second) == pytest.approx(300 + 200 * (second + 0.05), abs=15)
    for second in (2.4, 3.5):
        assert pitch(samples, second + GAP) == pytest.approx(300 + 200 * (second + 0.05), abs=15)
    assert rms(samples[round(2.8 * 48_000) : round((1.8 + GAP) * 48_000)]) < 2


@KINDS
@pytest.mark.parametrize("rest", [0.0, 2.0, 30.0])
async def test_a_stall_of_the_network_keeps_its_shape(
    tmp_path: Path, video: bool, rest: float
) -> None:
    """Three seconds come in a burst of 150 ms: they were late, and are no pause."""
    packets = [
        replace(p, arrival=1000 + 3.5 + (p.arrival - 1000.5) / 20)
        if 1000.5 < p.arrival < 1003.5
        else p
        for p in rtp(sweep_packets())
    ]
    recording = await recorded(tmp_path, packets, video=video, until=4.0 + rest)
    assert recording.seconds == pytest.approx(4 + rest, abs=0.05)
    samples = heard(recording.path)
    for second in (0.3, 1.5, 3.2, 3.8):
        assert pitch(samples, second) == pytest.approx(300 + 200 * (second + 0.05), abs=15)


@KINDS
async def test_who_stops_without_a_word_is_silent_to_the_end(tmp_path: Path, video: bool) -> None:
    recording = await recorded(tmp_path, list(rtp(sweep_packets())), video=video, until=3600.0)
    assert recording.seconds == pytest.approx(3600, abs=0.05)
    assert seconds_of(recording.path) == pytest.approx(3600, abs=0.05)
    # An hour of speech is 14 MB.
    assert recording.size < 120_000


async def test_a_pause_of_the_picture_has_its_true_length(tmp_path: Path) -> None:
    first, second = picture("VP8", 30), later(picture("VP8", 30), 9.0)
    standing = [replace(frame, timestamp=frame.timestamp - 8 * 90_000) for frame in second]
    call = Call(tmp_path)
    call.feed(in_order(list(rtp(sweep_packets(10))), [*first, *standing]))
    recording = await call.recorder.stop()
    with av.open(str(recording.path)) as container:
        seconds = [float(p.time or 0) for p in container.decode(container.streams.video[0])]
    assert seconds[29] == pytest.approx(29 / 30, abs=0.01)
    assert seconds[30] == pytest.approx(9.0, abs=0.05)
    assert seconds[-1] == pytest.approx(9 + 29 / 30, abs=0.05)


async def test_pictures_that_waited_for_a_lost_one_keep_their_shape(tmp_path: Path) -> None:
    """Three seconds of frames come at once, when what was missing before them has come."""
    frames = [*picture("VP8"), *later(picture("VP8"), 2.0), *later(picture("VP8"), 4.0)]
    items = [
        replace(frame, arrival=1004.49 + n * 1e-5) if 1001.5 < frame.arrival < 1004.49 else frame
        for n, frame in enumerate(frames)
    ]
    call = Call(tmp_path)
    call.feed(in_order(list(rtp(sweep_packets(6))), items))
    recording = await call.recorder.stop()
    with av.open(str(recording.path)) as container:
        seconds = [float(p.time or 0) for p in container.decode(container.streams.video[0])]
    assert seconds == pytest.approx([n / 30 for n in range(180)], abs=0.002)


Break = Callable[[int, AudioPacket], AudioPacket]
DICE = np.random.default_rng(11)
BROKEN: dict[str, Break] = {
    "the clock is random": lambda n, p: replace(p, timestamp=int(DICE.integers(1 << 32))),
    "the clock stands still": lambda n, p: replace(p, timestamp=7),
    "the clock runs backwards": lambda n, p: replace(p, timestamp=(-960 * n) % (1 << 32)),
    "the clock is twice as fast": lambda n, p: replace(p, timestamp=1920 * n),
    "the clock is that of 8 kHz": lambda n, p: replace(p, timestamp=160 * n),
    "the clock jumps minutes": lambda n, p: replace(
        p, timestamp=(960 * n + n // 40 * 48_000 * 300 * (-1) ** (n // 40)) % (1 << 32)
    ),
    "the numbers are random": lambda n, p: replace(p, sequence=int(DICE.integers(1 << 16))),
    "the number stays": lambda n, p: replace(p, sequence=3),
    "each packet is a stream": lambda n, p: replace(p, ssrc=n),
    "two streams alternate": lambda n, p: replace(p, ssrc=n % 2, timestamp=960 * n + n % 2 * 99999),
    "nothing is Opus": lambda n, p: replace(p, payload=bytes([0xFB])),
    "everything is too long": lambda n, p: replace(p, payload=b"\xfb\x06" + bytes(600)),
}


@KINDS
@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_sender_leaves_a_recording_that_plays(
    tmp_path: Path, video: bool, breaks: Break
) -> None:
    sound = [breaks(n, packet) for n, packet in enumerate(rtp(sweep_packets() * 5))]
    recording = await recorded(tmp_path, sound, video=video)
    if breaks is not BROKEN["nothing is Opus"] or video:
        assert recording.seconds == pytest.approx(20, abs=2.3)
        assert seconds_of(recording.path) == pytest.approx(20, abs=2.3)
    decode(recording.path)


REPORTS: dict[str, Callable[[int], SenderReport]] = {
    "random": lambda n: SenderReport(
        1, float(DICE.uniform(0, 1 << 32)), int(DICE.integers(1 << 32)), 48_000
    ),
    "ahead": lambda n: SenderReport(1, 3.9e9 + n * 0.025, n * 960, 48_000),
    "behind": lambda n: SenderReport(1, 3.9e9 + n * 0.015, n * 960, 48_000),
    "back and forth": lambda n: SenderReport(1, 3.9e9 + n * 0.02 + n % 2 * 0.09, n * 960, 48_000),
}


@KINDS
@pytest.mark.parametrize("reports", REPORTS.values(), ids=REPORTS.keys())
async def test_wrong_reports_do_not_make_it_longer(
    tmp_path: Path, video: bool, reports: Callable[[int], SenderReport]
) -> None:
    call = Call(tmp_path)
    if video:
        call.feed([picture("VP8", 30)[0]])
    for n, packet in enumerate(rtp(sweep_packets() * 5)):
        call.feed([packet])
        call.recorder.report(reports(n))
    recording = await call.recorder.stop()
    assert recording.seconds == pytest.approx(20, abs=2.3)
    assert seconds_of(recording.path) == pytest.approx(20, abs=2.3)
    decode(recording.path)


@KINDS
async def test_a_flood_is_as_long_as_it_took(tmp_path: Path, video: bool) -> None:
    sound = [
        replace(packet, arrival=1000 + n * 0.001, timestamp=(n * 960 * 7919) % (1 << 32))
        for n, packet in enumerate(rtp(sweep_packets() * 50))
    ]
    recording = await recorded(tmp_path, sound, video=video)
    assert recording.seconds == pytest.approx(10, abs=2.3)


def test_nothing_is_held_back_for_long() -> None:
    """A sender whose clock jumps on and on, faster than a jump is understood."""
    written: list[int] = []
    placing = Placing(
        Timeline(opus.SAMPLE_RATE, 1000.0), lambda packet, length, at: written.append(at)
    )

    def jumping() -> Iterator[AudioPacket]:
        for n, packet in enumerate(itertools.islice(rtp(sweep_packets() * 20), 4000)):
            yield replace(packet, timestamp=(-n * 48_000) % (1 << 32))

    most = 0
    for packet in jumping():
        placing.add(packet)
        most = max(most, len(placing._held))
    placing.close()
    assert most <= 16
    assert len(written) == 4000


async def test_frames_with_a_broken_clock_leave_a_picture(tmp_path: Path) -> None:
    frames: list[VideoFrame] = [
        replace(frame, timestamp=int(DICE.integers(1 << 32))) for frame in picture("VP8")
    ]
    call = Call(tmp_path)
    call.feed(in_order(list(rtp(sweep_packets()[:100])), frames))
    recording = await call.recorder.stop()
    assert recording.seconds == pytest.approx(2, abs=2.2)
    with av.open(str(recording.path)) as container:
        assert sum(1 for _ in container.decode(container.streams.video[0])) == 60
