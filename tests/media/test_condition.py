from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.fuzz.test_fuzz import CORPUS
from tests.media.audio import file_size, picture, rtp, sweep_packets
from tests.media.test_ogg import write as write_ogg
from tests.media.test_recorder import Call
from tests.media.test_repair import left_open_ogg, left_open_video
from voip.media.condition import Condition, condition, is_recording
from voip.media.repair import repair
from voip.media.sound_errors import NotRepairable
from voip.media.webm import VideoWriter


async def test_an_ogg_is_open_until_it_is_closed_or_repaired(tmp_path: Path) -> None:
    write_ogg(tmp_path / "whole.ogg", list(rtp(sweep_packets())))
    left_open_ogg(tmp_path / "open.ogg")
    assert condition(tmp_path / "whole.ogg") is Condition.CLOSED
    assert condition(tmp_path / "open.ogg") is Condition.OPEN
    await repair(tmp_path / "open.ogg")
    assert condition(tmp_path / "open.ogg") is Condition.CLOSED


@pytest.mark.parametrize("cut", [1, 40, 5000])
def test_a_closed_ogg_that_was_cut_is_open(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "audio.ogg"
    write_ogg(path, list(rtp(sweep_packets())))
    path.write_bytes(path.read_bytes()[: file_size(path) - cut])
    assert condition(path) is Condition.OPEN


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_video_is_open_until_it_is_closed_or_repaired(tmp_path: Path, codec: str) -> None:
    path = left_open_video(tmp_path, codec)
    assert condition(path.with_stem("whole")) is Condition.CLOSED
    assert condition(path) is Condition.OPEN
    await repair(path)
    assert condition(path) is Condition.CLOSED


def test_the_others(tmp_path: Path) -> None:
    (tmp_path / "empty.ogg").touch()
    (tmp_path / "junk.ogg").write_bytes(b"junk" * 99)
    (tmp_path / "junk.mkv").write_bytes(b"\x18\x53\x80\x67\x01")
    assert condition(tmp_path / "empty.ogg") is Condition.EMPTY
    assert condition(tmp_path / "junk.ogg") is Condition.OPEN
    assert condition(tmp_path / "junk.mkv") is Condition.OPEN
    assert condition(tmp_path / "missing.ogg") is Condition.UNREADABLE


async def test_what_is_written_is_told(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.feed(list(rtp(sweep_packets())))
    call.thread.round()
    assert condition(tmp_path / "audio.ogg") is Condition.WRITTEN
    await call.recorder.stop()
    assert condition(tmp_path / "audio.ogg") is Condition.CLOSED


@pytest.mark.parametrize("name", ["audio.ogg", "video-12.webm", "screen.mkv", "played.ogg"])
def test_names_of_recordings(name: str) -> None:
    assert is_recording(name)


@pytest.mark.parametrize(
    "name", ["call.json", "audio.ogg.repair", ".ogg", "../audio.ogg", "a/b.ogg", "Ä.ogg", "a.ogg\n"]
)
def test_other_names(name: str) -> None:
    assert not is_recording(name)


async def test_a_closed_video_is_left_as_it_is_however_short(tmp_path: Path) -> None:
    """FFmpeg gives one of a single picture no duration, as one that was left open."""
    writer = VideoWriter(tmp_path, "video", picture("VP8")[0], 1000.0)
    writer.video(picture("VP8")[0])
    writer.close()
    before = writer.path.read_bytes()
    assert condition(writer.path) is Condition.CLOSED
    await repair(writer.path)
    assert writer.path.read_bytes() == before


@pytest.mark.parametrize("seed", ["no-picture-video.mkv", "no-picture-whole.webm"])
async def test_damage_that_hides_the_streams_is_told(tmp_path: Path, seed: str) -> None:
    """Found by fuzzing: no stream at all, or none of pictures, was an error that nobody caught."""
    content = (CORPUS / "kept" / seed).read_bytes()[1:]
    path = tmp_path / f"video{Path(seed).suffix}"
    path.write_bytes(content)
    with contextlib.suppress(NotRepairable):
        recording = await repair(path)
        assert recording.width is None
        return
    assert path.read_bytes() == content
