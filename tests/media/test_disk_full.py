"""A disk that is really full: a file system of one megabyte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.audio import decode, in_order, names, picture, rtp, sweep_packets
from tests.media.test_recorder import Call, settled
from tests.small_disks import fill
from voip.media.events import RecordingEnd
from voip.media.limits import PartLimits
from voip.media.packets import VideoFrame
from voip.media.repair import repair


async def test_sound_that_was_written_stays_and_plays(small_disk: Path) -> None:
    fill(small_disk, 20_000)
    call = Call(small_disk)
    call.feed(list(rtp(sweep_packets() * 10)))
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.DISK_FULL]
    recording = call.ended[0]
    assert 12_000 < recording.size <= 20_480
    assert recording.seconds > 2
    assert len(decode(recording.path)) / 48_000 == pytest.approx(recording.seconds, abs=0.01)


async def test_a_disk_without_a_byte_left_ends_it_at_once(small_disk: Path) -> None:
    fill(small_disk, 0)
    call = Call(small_disk)
    call.feed(list(rtp(sweep_packets())))
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.DISK_FULL]
    assert call.ended[0].seconds == 0
    assert (await call.recorder.stop()).ended is RecordingEnd.DISK_FULL


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_video_that_was_written_stays_and_plays(small_disk: Path, codec: str) -> None:
    ballast = fill(small_disk, 40_000)
    call = Call(small_disk)
    frames = [
        VideoFrame(f.codec, f.data, f.timestamp + n * 180_000, f.keyframe, f.arrival + 2 * n)
        for n in range(60)
        for f in picture(codec)
    ]
    call.feed(in_order(list(rtp(sweep_packets() * 30)), frames))
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.DISK_FULL]
    recording = call.ended[0]
    ballast.unlink()
    repaired = await repair(recording.path)
    assert repaired.seconds > 1
    assert len(decode(recording.path)) / 48_000 == pytest.approx(repaired.seconds, abs=0.5)


@pytest.mark.parametrize("video", [False, True], ids=["ogg", "webm"])
async def test_files_that_were_whole_before_stay_whole(small_disk: Path, video: bool) -> None:
    fill(small_disk, 60_000)
    call = Call(small_disk, PartLimits(2.0))
    frames = [
        VideoFrame(f.codec, f.data, f.timestamp + n * 180_000, f.keyframe, f.arrival + 2 * n)
        for n in range(60)
        for f in picture("VP8")
    ]
    call.feed(in_order(list(rtp(sweep_packets() * 30)), frames if video else []))
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.DISK_FULL]
    first, *more = [call.ended[0], *call.ended[0].parts]
    assert len(more) >= 2
    for whole in (first, *more[:-1]):
        assert whole.seconds > 1.9
        assert len(decode(whole.path)) / 48_000 == pytest.approx(whole.seconds, abs=0.3)
    assert not any((small_disk / name).stat().st_size == 0 for name in names(small_disk))
