"""What a recorded call costs among ever more: ours on one port beside Janus, and drawn.

Janus's videoroom records the same senders in a run of its own; its CPU is that of its process, all
threads, as ours is. It is installed from Debian where it is missing.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks import _plot
from benchmarks._janus import Janus, install
from benchmarks._media_calls import SETTLE, Side, percent_a_call, recording
from benchmarks.harness import OUT, Row, SpoiledRound, alternate

COUNTS = (25, 50, 100)
SECONDS = 8.0
ROUNDS = 3
PACKET_BYTES = 40
"""Less than a packet of speech has in Janus's files, its header included."""


def run() -> list[Row]:
    install()
    medians = {
        count: alternate(
            f"record {count} audio calls beside Janus",
            lambda count=count: _ours(count),  # type: ignore[misc]  # bound now, not later
            lambda count=count: _janus(count),  # type: ignore[misc]
            rounds=ROUNDS,
        )
        for count in COUNTS
    }
    lines = {
        "ours, one port": [(0.0, 0.0), *((n, n * m.ours) for n, m in medians.items())],
        "Janus": [(0.0, 0.0), *((n, n * m.peer) for n, m in medians.items())],
    }
    _plot.write(OUT / "growth.svg", "Recording", "calls", "% of a core", lines)
    few, many = COUNTS[0], COUNTS[-1]
    return [
        *(
            Row.against(
                f"record {count} audio calls on one port",
                one.ours,
                one.peer,
                peer_name="Janus",
                unit="% of a core a call",
                goal=1.0,
            )
            for count, one in medians.items()
        ),
        Row.against(
            f"a call among {many} beside one among {few} (growth.svg)",
            medians[many].ours,
            medians[few].ours,
            peer_name=f"among {few}",
            unit="% of a core a call",
            goal=1.0,
        ),
    ]


def _ours(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        with recording("ours-port", Path(folder), count) as (subject, folders):
            percent = percent_a_call(subject, count, SECONDS)
            subject.ask("stop")
        _check([(one / "audio.ogg").stat().st_size for one in folders], count)
        return percent


def _janus(count: int) -> float:
    with (
        tempfile.TemporaryDirectory() as folder,
        Janus(Path(folder)) as janus,
        Side("load-speaking") as load,
    ):
        offers = load.ask("offer", count=count)
        load.ask("apply", answers=janus.answer(offers))
        time.sleep(SETTLE)
        cpu, wall = janus.cpu(), time.monotonic()
        time.sleep(SECONDS)
        percent = 100 * (janus.cpu() - cpu) / (time.monotonic() - wall) / count
        _check(janus.recorded(), count)
        return percent


def _check(sizes: list[int], count: int) -> None:
    """Each call's file has its packets, but for a tenth of them."""
    least = 0.9 * SECONDS * 50 * PACKET_BYTES
    complete = sum(size >= least for size in sizes)
    if complete < count:
        raise SpoiledRound(f"{complete} of {count} recordings are complete")
