from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace

from tests.media.audio import decode, in_order, picture, pitch, rtp, sweep_packets
from voip.media.packets import AudioPacket, SenderReport, VideoFrame
from voip.media.sender_clock import SenderClock
from voip.media.webm import UnusableVideo, VideoWriter

CODECS = [("VP8", "video.webm", "vp8"), ("H264", "video.mkv", "h264")]


def write(
    folder: Path, items: list[AudioPacket | VideoFrame], epoch: float = 1000.0
) -> VideoWriter:
    key = next(item for item in items if isinstance(item, VideoFrame) and item.keyframe)
    writer = VideoWriter(folder, "video", key, epoch)
    for item in items:
        if isinstance(item, AudioPacket):
            writer.audio(item)
        else:
            writer.video(item)
    writer.close()
    return writer


def brightness(path: Path) -> list[tuple[float, float]]:
    """(second, mean luma) of every frame."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), float(np.mean(frame.to_ndarray()[: frame.height])))
            for frame in container.decode(container.streams.video[0])
        ]


@pytest.mark.parametrize(("codec", "file", "name"), CODECS)
def test_sound_and_picture_come_back(tmp_path: Path, codec: str, file: str, name: str) -> None:
    frames = picture(codec)
    writer = write(tmp_path, in_order(list(rtp(sweep_packets()[:100])), frames))
    assert writer.path == tmp_path / file
    assert (writer.width, writer.height) == (160, 120)
    with av.open(str(writer.path)) as container:
        assert container.streams.video[0].codec_context.name == name
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(2.0, abs=0.05)
    seen = brightness(writer.path)
    assert len(seen) == len(frames)
    for number, (second, luma) in enumerate(seen):
        assert second == pytest.approx(number / 30, abs=0.002)
        assert luma == pytest.approx(40 + 2 * number, abs=4)
    samples = decode(writer.path)
    assert pitch(samples, 0.5) == pytest.approx(410, abs=15)
    assert pitch(samples, 1.5) == pytest.approx(610, abs=15)


def test_the_picture_begins_with_a_keyframe_and_the_sound_before_it_stays(tmp_path: Path) -> None:
    frames = picture("VP8")
    writer = write(tmp_path, in_order(list(rtp(sweep_packets()[:100])), frames[5:]))
    seen = brightness(writer.path)
    assert len(seen) == 30
    assert seen[0][0] == pytest.approx(1.0, abs=0.002)
    assert pitch(decode(writer.path), 0.2) == pytest.approx(350, abs=15)


def test_sound_and_picture_with_clocks_of_their_own_are_aligned_by_arrival(tmp_path: Path) -> None:
    base = (1 << 32) - 45_000
    frames = [
        VideoFrame(f.codec, f.data, (base + f.timestamp) % (1 << 32), f.keyframe, f.arrival + 0.5)
        for f in picture("VP8")
    ]
    audio = list(rtp(sweep_packets()[:125], timestamp=77, sequence=65_530))
    seen = brightness(write(tmp_path, in_order(audio, frames)).path)
    assert seen[0][0] == pytest.approx(0.5, abs=0.002)
    assert seen[-1][0] == pytest.approx(0.5 + 59 / 30, abs=0.002)


def places(path: Path, kind: str) -> list[float]:
    """The second of every packet of one stream."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0] if kind == "audio" else container.streams.video[0]
        return [
            float(packet.pts * Fraction(packet.time_base))
            for packet in container.demux(stream)
            if packet.pts is not None
        ]


def test_sound_and_picture_are_put_together_by_their_senders_reports(tmp_path: Path) -> None:
    # The picture takes 0.3 s longer than the sound, on clocks that have nothing in common.
    frames = [replace(f, arrival=f.arrival + 0.3, ssrc=2) for f in picture("VP8")]
    audio = list(rtp(sweep_packets()[:125], timestamp=77))
    clock = SenderClock()
    clock.report(SenderReport(1, 3.9e9, 77, 48_000))
    clock.report(SenderReport(2, 3.9e9, 0, 90_000))
    writer = VideoWriter(tmp_path, "video", frames[0], 1000.0, clock)
    for item in in_order(audio, frames):
        if isinstance(item, AudioPacket):
            writer.audio(item)
        else:
            writer.video(item)
    writer.close()
    for number, second in enumerate(places(writer.path, "video")):
        assert second == pytest.approx(number / 30, abs=0.002)
    assert places(writer.path, "audio")[50] == pytest.approx(1.0, abs=0.002)


def test_a_pause_of_the_sound_keeps_its_length(tmp_path: Path) -> None:
    payloads = sweep_packets()
    audio = [
        *rtp(payloads[:50]),
        *rtp(payloads[50:100], sequence=50, timestamp=50 * 960 + 3 * 48_000, arrival=1004.0),
    ]
    writer = write(tmp_path, in_order(audio, picture("VP8")))
    seconds = places(writer.path, "audio")
    assert seconds[49] == pytest.approx(0.98, abs=0.01)
    assert seconds[50] == pytest.approx(4.0, abs=0.01)
    assert writer.seconds == pytest.approx(5.0, abs=0.01)


def test_the_largest_size_is_reported(tmp_path: Path) -> None:
    small = picture("VP8", 30)
    large = [
        VideoFrame(f.codec, f.data, f.timestamp + 90_000, f.keyframe, f.arrival + 1)
        for f in picture("VP8", 30, (320, 240))
    ]
    writer = write(tmp_path, [*small, *large])
    assert (writer.width, writer.height) == (320, 240)
    assert len(brightness(writer.path)) == 60


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        ("VP8", b""),
        ("VP8", b"\x00" * 20),
        ("H264", b""),
        ("H264", b"\x00" * 50),
        ("AV1", b"x" * 50),
    ],
)
def test_what_is_no_keyframe_is_refused_before_there_is_a_file(
    tmp_path: Path, codec: str, data: bytes
) -> None:
    with pytest.raises(UnusableVideo):
        VideoWriter(tmp_path, "video", VideoFrame(codec, data, 0, True, 0.0), 0.0)
    assert not list(tmp_path.iterdir())
