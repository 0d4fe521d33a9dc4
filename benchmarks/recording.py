"""What one call costs: recorded by passthrough, and played a shared announcement.

CPU of the whole process that does it, with every thread, over real DTLS-SRTP with the other
sides in a process of their own. On one machine, delivering a packet runs in its sender's system
call, so the kernel's share of receiving is paid by the other process, for both alike.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import av

from benchmarks._media_calls import SETTLE, announcing, percent_a_call, recording
from benchmarks.harness import Row, SpoiledRound, alternate

SECONDS = 8.0
ROUNDS = 3
UNIT = "% of a core a call"
LEAST = 20
"""Packets a second that are heard in each call, or there is no result."""


def run() -> list[Row]:
    return [
        *(_recording(count, "ours-port", "on one port", 1 / 8) for count in (10, 25)),
        _recording(25, "ours", "with a socket each", 1 / 5),
        _announcement(25),
    ]


def _recording(count: int, role: str, how: str, goal: float) -> Row:
    what = f"record {count} audio calls {how}"
    medians = alternate(
        what, lambda: _recorded(role, count), lambda: _recorded("aiortc", count), rounds=ROUNDS
    )
    return Row.against(
        what,
        medians.ours,
        medians.peer,
        peer_name="aiortc MediaRecorder, Ogg",
        unit=UNIT,
        goal=goal,
    )


def _announcement(count: int) -> Row:
    what = f"play one announcement to {count} calls"
    medians = alternate(
        what,
        lambda: _announced("ours-announcing", count),
        lambda: _announced("aiortc-announcing", count),
        rounds=ROUNDS,
    )
    return Row.against(
        what,
        medians.ours,
        medians.peer,
        peer_name="aiortc, PCM track",
        unit=UNIT,
        goal=1 / 8,
    )


def _recorded(role: str, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        with recording(role, Path(folder), count) as (subject, folders):
            percent = percent_a_call(subject, count, SECONDS)
            subject.ask("stop")
        for one in folders:
            seconds = _length(one / "audio.ogg")
            if not SECONDS <= seconds <= SECONDS + SETTLE + 5:
                raise SpoiledRound(f"a recording has {seconds:.1f} s")
        return percent


def _announced(role: str, count: int) -> float:
    """For 50 packets a second that are heard: where a sender cannot keep up with so many calls,
    what it saves by that does not count for it."""
    with announcing(role, count) as (subject, listeners):
        before, began = listeners.ask("heard"), time.monotonic()
        percent = percent_a_call(subject, count, SECONDS)
        rate = float(listeners.ask("heard") - before) / count / (time.monotonic() - began)
        subject.ask("stop")
        if rate <= LEAST:
            raise SpoiledRound(f"only {rate:.0f} packets a second were heard")
        return percent * 50 / rate


def _length(path: Path) -> float:
    """Decoded, so that a file which does not play cannot pass."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
