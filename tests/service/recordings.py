"""A data folder with recordings for the tests of `voip recordings`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.media.audio import Samples, encode, rtp, sweep_packets
from tests.media.test_ogg import write as write_ogg
from tests.media.test_repair import left_open_ogg, left_open_video

GOOD = "3f2a9c01d4e5b6a7"
CRASHED = "a1b2c3d4e5f60718"


def make_call(data_dir: Path, began: str, call_id: str) -> Path:
    folder = data_dir / "recordings" / f"{began}-{call_id}"
    folder.mkdir(parents=True)
    return folder


def good_call(data_dir: Path) -> Path:
    """One track, and what the bot writes of the call."""
    folder = make_call(data_dir, "20260131T120000Z", GOOD)
    writer = write_ogg(folder / "audio.ogg", list(rtp(sweep_packets())))
    write_call_file(
        folder,
        id=GOOD,
        tracks=[
            {
                "file": "audio.ogg",
                "mime_type": "audio/ogg",
                "seconds": round(writer.seconds, 3),
                "bytes": (folder / "audio.ogg").stat().st_size,
                "ended": "silence",
                "event_id": "$posted",
            }
        ],
    )
    return folder


def crashed_call(data_dir: Path) -> Path:
    """Two files that were left open; a later call than the good one."""
    folder = make_call(data_dir, "20260201T080000Z", CRASHED)
    left_open_ogg(folder / "audio.ogg")
    left_open_video(folder, "VP8")
    return folder


def write_sound(path: Path, samples: Samples) -> None:
    write_ogg(path, list(rtp(encode(samples))))


def write_call_file(folder: Path, **fields: Any) -> None:
    usual = {
        "format": 1,
        "id": folder.name.partition("-")[2],
        "room_id": "!r:example.org",
        "call_id": "c",
        "direction": "inbound",
        "caller": "@ann:example.org",
        "callee": "@bot:example.org",
        "began": "2026-01-31T12:00:00.123Z",
        "ended": "2026-01-31T12:01:08.000Z",
        "seconds": 64.2,
        "end": {"reason": "hangup", "text": "the other side hung up", "by": "peer"},
    }
    (folder / "call.json").write_text(json.dumps(usual | fields))
