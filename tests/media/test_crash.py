"""A process is killed in the middle of a recording, without warning."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.media.audio import decode, pitch
from voip.media.parts import LEAD
from voip.media.repair import repair, repair_folder


async def killed_after(folder: Path, codec: str, packets: int, *more: str) -> float:
    """Run the recording child, kill it with SIGKILL; gives the seconds it had been handed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.media.recording_child",
        str(folder),
        codec,
        *more,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout
    try:
        await child.stdout.readexactly(packets)
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    return (packets + len(await child.stdout.read())) * 0.02


@pytest.mark.parametrize("packets", [75, 107, 140])
async def test_a_kill_costs_sound_at_most_one_second(tmp_path: Path, packets: int) -> None:
    handed = await killed_after(tmp_path, "none", packets)
    path = tmp_path / "audio.ogg"
    # It plays before anything was repaired, and after.
    assert handed - len(decode(path)) / 48_000 <= 1.0
    recording = await repair(path)
    assert handed - recording.seconds <= 1.0
    samples = decode(path)
    assert len(samples) / 48_000 == pytest.approx(recording.seconds, abs=0.001)
    assert pitch(samples, 0.5) == pytest.approx(410, abs=15)


@pytest.mark.parametrize(("codec", "name"), [("VP8", "video.webm"), ("H264", "video.mkv")])
async def test_a_kill_costs_a_video_at_most_one_second(
    tmp_path: Path, codec: str, name: str
) -> None:
    handed = await killed_after(tmp_path, codec, 140)
    recording = await repair(tmp_path / name)
    assert handed - recording.seconds <= 1.0
    assert pitch(decode(recording.path), 0.5) == pytest.approx(410, abs=15)


@pytest.mark.parametrize("packets", [100, 155, 160])
async def test_a_kill_costs_no_more_where_files_are_limited(tmp_path: Path, packets: int) -> None:
    handed = await killed_after(tmp_path, "none", packets, "1.0")
    recordings = await repair_folder(tmp_path)
    assert len(recordings) >= 2
    # Players drop the first 6.5 ms of each file.
    assert handed - sum(one.seconds + 0.0065 for one in recordings) <= 1.0


async def test_a_kill_costs_no_more_where_videos_are_limited(tmp_path: Path) -> None:
    handed = await killed_after(tmp_path, "VP8", 180, "1.0")
    recordings = await repair_folder(tmp_path)
    assert len(recordings) >= 3
    assert handed - sum(one.seconds - LEAD for one in recordings) - LEAD <= 1.0
