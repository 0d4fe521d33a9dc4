"""What a crash left of recordings, and how they are called in the room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.media.audio import in_order, picture, rtp, sweep_packets
from tests.media.test_ogg import write as write_ogg
from tests.media.test_webm import write
from voip.bot.salvage import salvage
from voip.delivery.rooms import shown_name
from voip.media.events import MediaDirection, RecordingEnd


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("audio.ogg", "20260131-call.ogg"),
        ("video.webm", "20260131-call.webm"),
        ("screen.webm", "20260131-call-screen.webm"),
        ("screen-2.mkv", "20260131-call-screen.mkv"),
        ("played.ogg", "20260131-call-played.ogg"),
    ],
)
def test_a_file_is_shown_as_what_it_is(file: str, shown: str) -> None:
    assert shown_name(Path("recordings/20260131-call") / file) == shown


async def test_a_screen_that_was_left_unposted_is_found(tmp_path: Path) -> None:
    writer = write(tmp_path, in_order(list(rtp(sweep_packets()[:100])), picture("VP8")))
    shutil.move(writer.path, tmp_path / "screen.webm")
    _, recordings = await salvage(tmp_path)
    assert [(one.path.name, one.ended) for one in recordings] == [
        ("screen.webm", RecordingEnd.REPAIRED)
    ]


async def test_what_we_played_is_found_as_ours(tmp_path: Path) -> None:
    for name in ("audio.ogg", "played-2.ogg"):
        write_ogg(tmp_path / name, list(rtp(sweep_packets())))
    _, recordings = await salvage(tmp_path)
    assert {one.path.name: one.direction for one in recordings} == {
        "audio.ogg": MediaDirection.RECEIVED,
        "played-2.ogg": MediaDirection.SENT,
    }
