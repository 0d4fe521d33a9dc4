"""What calls leave behind: a thousand of them made, recorded and ended, a few at a time.

Resident memory of the recording process, over real DTLS-SRTP with the other sides in a process of
their own: after the first hundred calls, when everything that is loaded and kept is there, and
after the last, with no call alive either time. Memory is no matter of time, so ours and stock
aiortc run at once.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import harness
from benchmarks._media_calls import Side
from benchmarks.harness import Row

CALLS = 1000
AT_ONCE = 10
FIRST = 100
"""Calls until the memory that is compared with."""
SECONDS = 1.0
"""How long each is recorded."""
MOST = 10.0
"""MB."""


def run() -> list[Row]:
    with ThreadPoolExecutor(2) as threads:
        ours, peer = threads.map(growth, ("ours-port", "aiortc"))
    return [
        Row.within(
            f"memory after {CALLS} recorded calls, beyond that after {FIRST}",
            ours,
            unit="MB",
            goal=MOST,
            peer=peer,
            peer_name="aiortc MediaRecorder, Ogg",
        )
    ]


def growth(role: str, calls: int = CALLS) -> float:
    """MB between the first calls and the last."""
    first = last = 0
    with Side("load-speaking") as load, Side(role) as subject:
        for done in range(AT_ONCE, calls + 1, AT_ONCE):
            with tempfile.TemporaryDirectory() as folder:
                _recorded(load, subject, Path(folder))
            last = int(subject.ask("memory"))
            if done == FIRST:
                first = last
            harness.progress(f"{role}: {done} calls, {last / 1e6:.1f} MB")
    return (last - first) / 1e6


def _recorded(load: Side, subject: Side, folder: Path) -> None:
    folders = [folder / str(number) for number in range(AT_ONCE)]
    for one in folders:
        one.mkdir()
    offers = load.ask("offer", count=AT_ONCE)
    load.ask("apply", answers=subject.ask("answer", offers=offers))
    subject.ask("record", folders=[str(one) for one in folders])
    time.sleep(SECONDS)
    subject.ask("end")
    load.ask("end")
    written = [one.stat().st_size for place in folders for one in place.iterdir()]
    assert len(written) == AT_ONCE, "a call left no recording"
    assert min(written) > 1000, "a recording is empty"
