from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import encode, picture, rtp, sweep, sweep_packets
from tests.media.export.files import RATE, beep_begins, beeps, ogg, video
from tests.media.test_ogg import write as write_ogg
from tests.media.test_repair import left_open_ogg, left_open_video
from voip.media import ogg_pages
from voip.media.export.errors import UnreadableRecording
from voip.media.export.opening import open_recording
from voip.media.export.reading import Piece, Samples, pieces
from voip.media.ogg import opus_head
from voip.media.webm import VideoWriter


def whole(path: Path) -> Samples:
    """All pieces at their places."""
    found = list(pieces(path))
    samples = np.zeros(found[-1].position + len(found[-1].samples), np.float32)
    for piece in found:
        samples[piece.position :][: len(piece.samples)] = piece.samples
    return samples


def gaps(found: list[Piece]) -> list[int]:
    ends = [piece.position + len(piece.samples) for piece in found]
    return [b.position - end for end, b in zip(ends, found[1:], strict=False) if b.position != end]


def test_an_ogg_is_read_without_its_pre_skip(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    writer = write_ogg(path, list(rtp(sweep_packets())))
    found = list(pieces(path))
    assert gaps(found) == []
    assert len(whole(path)) / RATE == pytest.approx(writer.seconds, abs=1e-4)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_the_sound_of_a_video_is_read(tmp_path: Path, codec: str) -> None:
    path = video(tmp_path, "video", codec, beeps(3, 1000, 0.5, 2.0))
    begins = beep_begins((whole(path) * 32768).astype(np.int16), 1000)
    assert begins == pytest.approx([0.5, 2.0], abs=0.02)


def test_what_was_lost_in_a_video_is_a_gap_of_its_length(tmp_path: Path) -> None:
    """Matroska counts milliseconds: the places must not drift by what that rounds off."""
    writer = VideoWriter(tmp_path, "video", picture("VP8")[0], 1000.0)
    for number, packet in enumerate(rtp(encode(sweep(4)))):
        if number % 10 != 3 and not 100 <= number < 150:
            writer.audio(packet)
    writer.video(picture("VP8")[0])
    writer.close()
    found = gaps(list(pieces(writer.path)))
    assert sum(found) == 960 * (50 + 15)  # five of every tenth are within the second
    assert set(found) == {960, 960 * 50}


def test_a_file_that_was_left_open_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    left_open_ogg(tmp_path / "audio.ogg")
    assert len(whole(tmp_path / "audio.ogg")) / RATE > 3
    assert len(whole(left_open_video(tmp_path, "VP8"))) / RATE > 1


def test_a_video_without_sound_has_none(tmp_path: Path) -> None:
    assert list(pieces(video(tmp_path, "video", "VP8", None))) == []


def test_damage_in_the_middle_costs_its_packets(tmp_path: Path) -> None:
    path = ogg(tmp_path / "audio.ogg", sweep(4))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    assert 2 < len(whole(path)) / RATE < 4.5


def test_a_page_that_says_it_lasts_for_days_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    tags = b"OpusTags" + bytes(8)
    later = 48_000 * 3600 * 100
    path.write_bytes(
        ogg_pages.build(ogg_pages.FIRST, 0, 1, 0, [opus_head(1)])
        + ogg_pages.build(0, 0, 1, 1, [tags])
        + ogg_pages.build(0, 960, 1, 2, sweep_packets()[:1])
        + ogg_pages.build(0, later, 1, 3, sweep_packets()[1:2])
        + ogg_pages.build(ogg_pages.LAST, later + 960, 1, 4, sweep_packets()[2:3])
    )
    with pytest.raises(UnreadableRecording, match="more than 24 hours"):
        list(pieces(path))


@pytest.mark.parametrize("name", ["audio.ogg", "video.webm", "video.mkv"])
@pytest.mark.parametrize(
    "content",
    [b"", b"junk" * 999, b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", b"ffconcat version 1.0\nfile a\n"],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableRecording, match=f"{name} holds nothing that plays"):
        list(pieces(path))


def test_links_folders_and_other_names_are_refused(tmp_path: Path) -> None:
    real = ogg(tmp_path / "real.ogg", sweep(1))
    (tmp_path / "link.ogg").symlink_to(real)
    (tmp_path / "folder.ogg").mkdir()
    (tmp_path / "x.mp3").write_bytes(b"")
    for name, told in [
        ("link.ogg", "is a link"),
        ("folder.ogg", "is no file"),
        ("x.mp3", "is not a recording"),
        ("missing.ogg", "cannot be read: No such file"),
    ]:
        with pytest.raises(UnreadableRecording, match=told):
            open_recording(tmp_path / name)
