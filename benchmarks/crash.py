"""What `kill -9` in the middle of a recording costs."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import av

from benchmarks._media_calls import recording
from benchmarks.harness import Row, alternate
from voip.media.repair import repair
from voip.media.sound_errors import NotRepairable

CALLS = 5
SECONDS = 12.0
ROUNDS = 3


def run() -> list[Row]:
    what = f"sound missing after a kill, worst of {CALLS} recordings of {SECONDS:.0f} s"
    medians = alternate(what, lambda: _missing("ours"), lambda: _missing("aiortc"), rounds=ROUNDS)
    return [
        Row.within(
            what,
            medians.ours,
            unit="s",
            goal=1.0,
            peer=medians.peer,
            peer_name="aiortc MediaRecorder, Ogg",
        )
    ]


def _missing(role: str) -> float:
    """The most that is missing, as the file plays and, for ours, after it was repaired too."""
    with tempfile.TemporaryDirectory() as folder:
        with recording(role, Path(folder), CALLS) as (subject, folders):
            began = time.monotonic()
            time.sleep(SECONDS)
            subject.kill()
            lasted = time.monotonic() - began
        files = [one / "audio.ogg" for one in folders]
        missing = [lasted - _plays(file) for file in files]
        if role == "ours":
            missing += [lasted - _plays(_repaired(file)) for file in files]
        return max(missing)


def _repaired(path: Path) -> Path:
    try:
        return asyncio.run(repair(path)).path
    except NotRepairable:
        return path


def _plays(path: Path) -> float:
    """Seconds that decode; 0 where the file does not open."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
    except (av.FFmpegError, IndexError):
        return 0.0
