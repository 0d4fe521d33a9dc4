"""Which files of a call are heard and seen, and where they are on its time line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.media.audio import decode, encode, rtp, sweep
from tests.media.export.files import beep_begins, beeps, ogg, video
from tests.media.test_recorder import Call as Recorded
from tests.media.test_repair import left_open_ogg, left_open_video
from tests.service.recordings import make_call, write_call_file
from voip.bot.call_export import export_call, sources
from voip.bot.call_file import CallFile
from voip.bot.call_folders import CallFolder, read_folder
from voip.media.export.errors import NothingToExport
from voip.media.export.order import Format, Side, Source
from voip.media.limits import PartLimits
from voip.media.packets import PlayedPacket
from voip.media.sent import Sent


def call(folder: Path, *tracks: dict[str, Any]) -> CallFolder:
    """A call with files of some content, so that what counts is what `call.json` says of them."""
    for track in tracks:
        (folder / track["file"]).write_bytes(b"x")
    write_call_file(folder, tracks=list(tracks))
    return read_folder(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_call(tmp_path, "20260131T120000Z", "3f2a9c01d4e5b6a7")


def told(found: list[Source]) -> dict[str, tuple[float, bool]]:
    """Of each file: where it begins, and whether it is heard."""
    return {one.path.name: (one.offset, one.heard) for one in found}


def test_both_sides_are_heard(folder: Path) -> None:
    theirs, ours = sources(
        call(
            folder,
            {"file": "audio.ogg", "seconds": 10.0},
            {"file": "played.ogg", "seconds": 12.0, "offset": -1.5},
        )
    )
    assert (theirs.side, ours.side) == (Side.THEIRS, Side.OURS)
    assert told([theirs, ours]) == {"audio.ogg": (0, True), "played.ogg": (-1.5, True)}


def test_parts_have_the_same_sound_again(folder: Path) -> None:
    found = sources(
        call(
            folder,
            {"file": "audio.ogg", "seconds": 60.0},
            {"file": "video.webm", "seconds": 30.0, "offset": 12.0},
            {"file": "screen.webm", "seconds": 20.0},
            {"file": "screen-2.webm", "seconds": 5.0, "offset": 56.0},
        )
    )
    assert told(found) == {
        "audio.ogg": (0, True),
        "video.webm": (12, False),
        "screen.webm": (0, False),
        "screen-2.webm": (56, False),
    }
    assert [one.path.name for one in found if one.shown] == ["video.webm"]


def test_a_file_that_goes_on_where_another_ended_is_heard(folder: Path) -> None:
    found = sources(
        call(
            folder,
            {"file": "audio.ogg", "seconds": 60.0},
            {"file": "audio-2.ogg", "seconds": 60.0, "offset": 60.0},
            {"file": "audio-3.ogg", "seconds": 9.0, "offset": 120.0},
        )
    )
    assert told(found) == {
        "audio.ogg": (0, True),
        "audio-2.ogg": (60, True),
        "audio-3.ogg": (120, True),
    }


def test_screens_are_shown_where_there_is_no_camera(folder: Path) -> None:
    found = sources(
        call(
            folder,
            {"file": "audio.ogg", "seconds": 60.0},
            {"file": "screen.webm", "seconds": 9.0, "offset": 5.0},
            {"file": "screen-2.webm", "seconds": 9.0, "offset": 30.0},
        )
    )
    assert [one.path.name for one in found if one.shown] == ["screen.webm", "screen-2.webm"]


def test_recordings_of_one_call_follow_each_other(folder: Path) -> None:
    found = sources(
        call(
            folder,
            {"file": "audio.ogg", "seconds": 10.0},
            {"file": "video.webm", "seconds": 5.0},
            {"file": "screen.webm", "seconds": 2.0, "offset": 1.0},
        )
    )
    assert told(found) == {
        "audio.ogg": (0, True),
        "video.webm": (10, True),
        "screen.webm": (11, False),
    }


def test_after_a_crash_the_longest_has_the_sound(folder: Path) -> None:
    ogg(folder / "audio.ogg", sweep(1))
    video(folder, "video", "VP8", sweep(2))
    found = sources(read_folder(folder))
    assert told(found) == {"video.webm": (0, True), "audio.ogg": (0, False)}


def test_what_call_json_said_of_files_before_a_crash_is_their_beginning(folder: Path) -> None:
    """Each is noted when it begins; how long it got, the file itself says, or nobody."""
    left_open_ogg(folder / "audio.ogg")
    left_open_ogg(folder / "audio-2.ogg")
    left_open_video(folder, "VP8")
    write_call_file(
        folder,
        tracks=[
            {"file": "audio.ogg", "seconds": 0.0},
            {"file": "audio-2.ogg", "seconds": 0.0, "offset": 3.84},
            {"file": "video.webm", "seconds": 0.0, "offset": 2.0},
        ],
    )
    (folder / "whole.webm").unlink()
    assert told(sources(read_folder(folder))) == {
        "audio.ogg": (0, True),
        "audio-2.ogg": (3.84, True),
        "video.webm": (2, False),
    }


@pytest.mark.parametrize("track", ["screen", "screen.webm"])
def test_one_alone(folder: Path, track: str) -> None:
    of = call(folder, {"file": "audio.ogg"}, {"file": "screen.webm", "offset": 9.0})
    (one,) = sources(of, track)
    assert told([one]) == {"screen.webm": (0, True)}
    assert one.shown


def test_what_is_not_there_is_told(folder: Path) -> None:
    of = call(folder, {"file": "audio.ogg"})
    with pytest.raises(NothingToExport, match=r"no track played .* there are: audio\.ogg"):
        sources(of, "played")
    (folder / "audio.ogg").write_bytes(b"")
    with pytest.raises(NothingToExport, match="nothing was recorded in the call 3f2a"):
        sources(read_folder(folder))


async def test_a_bot_makes_one_file_of_a_call(folder: Path, tmp_path: Path) -> None:
    ogg(folder / "audio.ogg", beeps(3, 1000, 1.0))
    ogg(folder / "played.ogg", beeps(2, 2500, 1.0))
    write_call_file(folder, tracks=[{"file": "audio.ogg"}, {"file": "played.ogg", "offset": 0.5}])
    exported = await export_call(read_folder(folder), tmp_path / "call.wav", Format.WAV)
    assert exported.seconds == pytest.approx(3, abs=0.02)
    heard = decode(exported.path)
    assert beep_begins(heard, 1000) == pytest.approx([1.0], abs=0.02)
    assert beep_begins(heard, 2500) == pytest.approx([1.5], abs=0.02)


@pytest.mark.parametrize("ours_begins", [-2.0, 1.5])
async def test_what_the_recorder_writes_is_put_together(
    folder: Path, tmp_path: Path, ours_begins: float
) -> None:
    """Both sides of a recording in files of four seconds: each beep is where it was heard."""
    recorded = Recorded(folder, limits=PartLimits(seconds=4.0))
    theirs = rtp(encode(beeps(10, 1000, 1.0, 7.0)))
    packets: list[PlayedPacket] = []
    sent = Sent(packets.append)
    for number, payload in enumerate(encode(beeps(8, 2500, 2.0, 5.0))):
        sent(payload, 1000.0 + ours_begins + number * 0.02)
    recorded.clock.now = 1000.0 + min(ours_begins, 0.0)
    recorded.feed(sorted([*theirs, *packets], key=lambda packet: packet.arrival))
    whole = await recorded.recorder.stop()
    write_call_file(folder)
    file = CallFile.read(folder)
    assert file is not None
    for one in (whole, *whole.parts):
        file.set_track(one)
    file.write(folder)
    call = read_folder(folder)
    assert len(call.recordings) == 5
    exported = await export_call(call, tmp_path / "call.wav", Format.WAV)
    moved = max(-ours_begins, 0.0)
    heard = decode(exported.path)
    assert beep_begins(heard, 1000) == pytest.approx([1 + moved, 7 + moved], abs=0.02)
    ours = ours_begins + moved
    assert beep_begins(heard, 2500) == pytest.approx([2 + ours, 5 + ours], abs=0.02)
