from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest

from tests.media.audio import decode, file_size, in_order, names, picture, pitch, rtp, sweep_packets
from tests.media.test_ogg import write as write_ogg
from tests.media.test_webm import brightness
from voip.media import ogg_pages
from voip.media.events import RecordingEnd
from voip.media.packets import AudioPacket
from voip.media.repair import repair, repair_folder
from voip.media.sound_errors import NotRepairable
from voip.media.sound_track import SoundTrack
from voip.media.webm import VideoWriter


def left_open_ogg(path: Path) -> None:
    writer = SoundTrack(path)
    for number, packet in enumerate(rtp(sweep_packets())):
        writer.add(packet)
        if number % 12 == 0:
            writer.flush(packet.arrival)
    writer.abandon()


def left_open_video(folder: Path, codec: str) -> Path:
    """A copy of the file as it is on the disk in the middle of writing."""
    frames = picture(codec)
    writer = VideoWriter(folder, "whole", frames[0], 1000.0)
    for item in in_order(list(rtp(sweep_packets()[:100])), frames):
        if isinstance(item, AudioPacket):
            writer.audio(item)
        else:
            writer.video(item)
    copy = folder / f"video{writer.path.suffix}"
    shutil.copy(writer.path, copy)
    writer.close()
    return copy


@pytest.mark.parametrize("cut", [0, 1, 30, 200, 900])
async def test_an_ogg_that_was_cut_off_is_closed(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "audio.ogg"
    left_open_ogg(path)
    path.write_bytes(path.read_bytes()[: file_size(path) - cut])
    recording = await repair(path)
    assert recording.ended is RecordingEnd.REPAIRED
    assert recording.mime_type == "audio/ogg"
    assert 3.0 < recording.seconds < 4.0
    assert recording.size == file_size(path)
    assert len(decode(path)) / 48_000 == pytest.approx(recording.seconds, abs=0.001)
    assert pitch(decode(path), 2.0) == pytest.approx(710, abs=15)
    pages = list(ogg_pages.read(path.read_bytes()))
    assert pages[-1].flags & ogg_pages.LAST
    assert pages[-1].end == recording.size
    assert names(tmp_path) == {"audio.ogg"}


async def test_a_damaged_page_in_the_middle_costs_that_page(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    left_open_ogg(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8] = b"\0" * 8
    path.write_bytes(data)
    recording = await repair(path)
    assert 3.0 < recording.seconds < 4.0
    pages = list(ogg_pages.read(path.read_bytes()))
    assert [page.number for page in pages] == list(range(len(pages)))
    assert pitch(decode(path), 0.5) == pytest.approx(410, abs=15)


async def test_a_file_that_is_whole_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    writer = write_ogg(path, list(rtp(sweep_packets())))
    before = (path.read_bytes(), path.stat().st_ino)
    recording = await repair(path)
    assert recording.seconds == pytest.approx(writer.seconds)
    assert (path.read_bytes(), path.stat().st_ino) == before


@pytest.mark.parametrize("codec", ["VP8", "H264"])
@pytest.mark.parametrize("cut", [0, 1, 700])
async def test_a_video_that_was_cut_off_gets_its_duration(
    tmp_path: Path, codec: str, cut: int
) -> None:
    path = left_open_video(tmp_path, codec)
    path.write_bytes(path.read_bytes()[: file_size(path) - cut])
    with av.open(str(path)) as container:
        assert container.duration is None
    recording = await repair(path)
    assert recording.ended is RecordingEnd.REPAIRED
    assert (recording.width, recording.height) == (160, 120)
    assert 1.0 < recording.seconds < 2.0
    with av.open(str(path)) as container:
        assert container.duration is not None
    seen = brightness(path)
    assert len(seen) >= 30
    assert seen[10][1] == pytest.approx(60, abs=4)
    assert pitch(decode(path), 0.5) == pytest.approx(410, abs=15)
    again = await repair(path)
    assert again.seconds == recording.seconds


@pytest.mark.parametrize("name", ["audio.ogg", "video.webm", "video.mkv"])
@pytest.mark.parametrize("content", [b"", b"OggS", b"\x1aE\xdf\xa3", b"junk" * 500])
async def test_what_holds_nothing_is_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotRepairable):
        await repair(path)
    assert path.read_bytes() == content
    assert names(tmp_path) == {name}


async def test_headers_alone_are_not_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    left_open_ogg(path)
    data = path.read_bytes()
    headers = list(ogg_pages.read(data))[1].end
    path.write_bytes(data[:headers])
    with pytest.raises(NotRepairable, match="no sound"):
        await repair(path)


async def test_a_missing_file_and_a_foreign_one_say_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await repair(tmp_path / "audio.ogg")
    with pytest.raises(FileNotFoundError):
        await repair(tmp_path / "video.webm")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ValueError, match="not a recording"):
        await repair(tmp_path / "a.txt")


async def test_everything_in_a_folder(tmp_path: Path) -> None:
    left_open_ogg(tmp_path / "audio.ogg")
    (tmp_path / "audio-2.ogg").write_bytes(b"")
    (tmp_path / "call.json").write_text("{}")
    video = left_open_video(tmp_path, "VP8")
    found = {one.path.name: one.seconds for one in await repair_folder(tmp_path)}
    assert set(found) == {"audio.ogg", video.name, "whole.webm"}
    assert all(seconds > 1 for seconds in found.values())
    assert file_size(tmp_path / "audio-2.ogg") == 0
