"""Recordings in files of limited length and size: nothing is lost between two of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace

from tests.media.audio import decode, in_order, names, picture, pitch, rtp, sweep_packets
from tests.media.test_recorder import Call, later, settled
from tests.media.test_sent import played
from voip.media import opus, take
from voip.media.events import MarkKind, MediaDirection, Recording
from voip.media.limits import PartLimits
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.parts import LEAD


def files(recording: Recording) -> list[Recording]:
    return [recording, *recording.parts]


def sounds(path: Path) -> list[bytes]:
    """The Opus packets in a file, but for those that fill gaps."""
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(container.streams.audio[0])]
    return [packet for packet in packets if len(packet) > 14]


def unique(seconds: int) -> list[AudioPacket]:
    """Packets of silence, no two alike: padding tells them apart (RFC 6716 §3.2.5)."""
    payloads = [
        bytes([opus.SILENCE[0] | 3, 0x41, 18]) + opus.SILENCE[1:] + n.to_bytes(18)
        for n in range(50 * seconds)
    ]
    return list(rtp(payloads))


async def recorded(
    folder: Path, limits: PartLimits, items: list[AudioPacket | VideoFrame]
) -> Recording:
    call = Call(folder, limits)
    call.feed(items)
    call.clock.now += 0.1
    return await call.recorder.stop()


async def test_sound_goes_on_in_the_next_file_after_a_time(tmp_path: Path) -> None:
    recording = await recorded(tmp_path, PartLimits(3.0), list(rtp(sweep_packets(10))))
    assert [one.path.name for one in files(recording)] == [
        "audio.ogg",
        "audio-2.ogg",
        "audio-3.ogg",
        "audio-4.ogg",
    ]
    assert [one.offset for one in files(recording)] == pytest.approx([0, 3, 6, 9])
    assert [b for one in files(recording) for b in sounds(one.path)] == [*sweep_packets(10)]
    for one in files(recording):
        assert one.size == one.path.stat().st_size
        samples = decode(one.path)
        assert len(samples) / 48_000 == pytest.approx(one.seconds, abs=0.001)
        second = one.offset + 0.4
        assert pitch(samples, 0.4) == pytest.approx(300 + 200 * (second + 0.05), abs=15)


async def test_sound_goes_on_in_the_next_file_after_so_many_bytes(tmp_path: Path) -> None:
    recording = await recorded(tmp_path, PartLimits(size=20_000), list(rtp(sweep_packets(20))))
    assert len(files(recording)) > 3
    assert all(one.size < 20_000 + 2_500 for one in files(recording))
    assert all(one.size >= 20_000 for one in files(recording)[:-1])
    assert [b for one in files(recording) for b in sounds(one.path)] == [*sweep_packets(20)]
    ends = np.cumsum([one.seconds + 0.0065 for one in files(recording)])
    assert [one.offset for one in files(recording)[1:]] == pytest.approx(ends[:-1], abs=0.001)


async def test_a_pause_across_the_limit_is_not_written_out(tmp_path: Path) -> None:
    payloads = sweep_packets()
    sound = [
        *rtp(payloads[:100]),
        *rtp(payloads[100:], sequence=100, timestamp=100 * 960 + 48_000 * 600, arrival=1602.0),
    ]
    recording = await recorded(tmp_path, PartLimits(5.0), [*sound])
    first, second = files(recording)
    assert (first.seconds, second.seconds) == pytest.approx((2.0, 2.0), abs=0.01)
    assert second.offset == pytest.approx(602, abs=0.001)
    assert pitch(decode(second.path), 0.5) == pytest.approx(810, abs=15)


async def test_what_we_send_goes_on_in_the_next_file_too(tmp_path: Path) -> None:
    ours = played((sweep_packets(10), 1000.5))
    recording = await recorded(
        tmp_path, PartLimits(4.0), in_order([*rtp(sweep_packets(11)), *ours], [])
    )
    sent = [one for one in files(recording) if one.direction is MediaDirection.SENT]
    assert [one.path.name for one in sent] == ["played.ogg", "played-2.ogg", "played-3.ogg"]
    assert [one.offset for one in sent] == pytest.approx([0.5, 4.5, 8.5])


def moved(frames: list[VideoFrame] | tuple[VideoFrame, ...], times: int) -> list[VideoFrame]:
    """The same two seconds again and again."""
    return [frame for n in range(times) for frame in later(frames, 2.0 * n)]


@pytest.mark.parametrize(("codec", "suffix"), [("VP8", "webm"), ("H264", "mkv")])
async def test_a_picture_goes_on_in_the_next_file_at_a_keyframe(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    frames = moved(picture(codec), 5)
    sound = unique(10)
    recording = await recorded(tmp_path, PartLimits(2.5), in_order(sound, frames))
    assert names(tmp_path) == {f"video{n}.{suffix}" for n in ("", "-2", "-3", "-4")}
    # The next of the keyframes, which come each second: 2.5 s after each file's beginning.
    starts = [one.offset + (LEAD if one.offset else 0) for one in files(recording)]
    assert starts == pytest.approx([0.0, 3.0, 6.0, 9.0], abs=0.001)
    seen = 0
    for one in files(recording):
        with av.open(str(one.path)) as container:
            seconds = [float(f.time or 0) for f in container.decode(container.streams.video[0])]
        # Every frame can be decoded, and lies where it was shown.
        expected = [(seen + n) / 30 - one.offset for n in range(len(seconds))]
        assert seconds == pytest.approx(expected, abs=0.002)
        seen += len(seconds)
    assert seen == len(frames)
    assert [b for one in files(recording) for b in sounds(one.path)] == [p.payload for p in sound]


async def test_a_picture_goes_on_in_the_next_file_after_so_many_bytes(tmp_path: Path) -> None:
    frames = moved(picture("VP8"), 10)
    size = sum(len(frame.data) for frame in picture("VP8"))
    recording = await recorded(tmp_path, PartLimits(size=2 * size), in_order([], frames))
    assert 3 <= len(files(recording)) <= 6


async def test_another_codec_in_the_middle_of_the_call_has_another_file(tmp_path: Path) -> None:
    frames = [*picture("VP8"), *later(picture("H264"), 2.0), *later(picture("VP8"), 4.0)]
    sound = unique(6)
    recording = await recorded(tmp_path, PartLimits(), in_order(sound, frames))
    assert [(one.path.name, one.mime_type) for one in files(recording)] == [
        ("video.webm", "video/webm"),
        ("video-2.mkv", "video/x-matroska"),
        ("video-3.webm", "video/webm"),
    ]
    for one in files(recording):
        with av.open(str(one.path)) as container:
            assert sum(1 for _ in container.decode(container.streams.video[0])) == 60
    assert [b for one in files(recording) for b in sounds(one.path)] == [p.payload for p in sound]


async def test_codecs_that_change_all_the_time_do_not_fill_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take, "MOST_FILES", 5)
    keys = [picture("VP8")[0], picture("H264")[0]]
    frames = [replace(keys[n % 2], arrival=1000 + n / 30, timestamp=n * 3000) for n in range(100)]
    recording = await recorded(tmp_path, PartLimits(), in_order(unique(4), frames))
    assert len(files(recording)) == 6
    assert recording.seconds > 0


async def test_a_screen_goes_on_in_the_next_file(tmp_path: Path) -> None:
    screen = later(moved(picture("VP8"), 3), 0.5, screen=1)
    sound = unique(7)
    recording = await recorded(tmp_path, PartLimits(2.5), in_order(sound, screen))
    kinds = Counter(one.path.name.split(".")[0].split("-")[0] for one in files(recording))
    assert kinds == {"audio": 3, "screen": 2}
    screens = [one for one in files(recording) if one.path.name.startswith("screen")]
    # The sound between the two is in the first, not twice and not nowhere.
    with_picture = [b for one in screens for b in sounds(one.path)]
    assert len(with_picture) == len(set(with_picture))
    places = [n for n, packet in enumerate(sound) if packet.payload in set(with_picture)]
    assert places == list(range(places[0], places[-1] + 1))


async def test_what_was_masked_is_told_of_the_whole_recording(tmp_path: Path) -> None:
    call = Call(tmp_path, PartLimits(2.0))
    items = list(rtp(sweep_packets(8)))
    call.feed(items[:250])
    call.recorder.keep_nothing(MarkKind.PAUSE)
    call.feed(items[250:300])
    call.recorder.keep_again(MarkKind.PAUSE)
    call.feed(items[300:])
    recording = await call.recorder.stop()
    (mark,) = recording.marks
    assert (mark.begin, mark.end) == pytest.approx((5.0, 6.0), abs=0.26)
    assert len(files(recording)) == 4


async def test_each_file_and_each_mark_is_told_when_it_begins(tmp_path: Path) -> None:
    told: list[Recording] = []
    call = Call(tmp_path, PartLimits(3.0), on_growth=told.append)
    sound = list(rtp(sweep_packets(7)))
    call.feed(in_order([*sound, *played((sweep_packets(1), 1001.0))], []))
    call.recorder.keep_nothing(MarkKind.MASK)
    call.feed(list(rtp(sweep_packets(1), sequence=350, timestamp=350 * 960, arrival=1007.0)))
    await settled()
    assert [(len(one.parts), len(one.marks)) for one in told] == [
        (0, 0),
        (1, 0),
        (2, 0),
        (3, 0),
        (3, 1),
    ]
    offsets = {part.path.name: part.offset for part in told[-1].parts}
    assert offsets == pytest.approx({"played.ogg": 1.0, "audio-2.ogg": 3.0, "audio-3.ogg": 6.0})
    recording = await call.recorder.stop()
    assert {part.path.name: part.offset for part in recording.parts} == pytest.approx(offsets)


async def test_a_picture_that_takes_the_place_of_the_sound_is_told(tmp_path: Path) -> None:
    told: list[Recording] = []
    call = Call(tmp_path, on_growth=told.append)
    call.feed(in_order(unique(3), later(picture("VP8"), 1.0)))
    await call.recorder.stop()
    await settled()
    assert [one.path.name for one in told] == ["audio.ogg", "video.webm"]


def test_the_limits() -> None:
    assert not PartLimits().reached(1e9, 1 << 40)
    assert PartLimits(5.0).reached(5.0, 0)
    assert not PartLimits(5.0).reached(4.9, 1 << 40)
    assert PartLimits(size=10).reached(0.0, 10)
