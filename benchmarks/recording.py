"""What one call costs: recorded by passthrough, and played a shared announcement.

CPU of the whole process that does it, with every thread, over real DTLS-SRTP with the other
sides in a process of their own. On one machine, delivering a packet runs in its sender's system
call, so the kernel's share of receiving is paid by the other process, for both alike.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import av

from benchmarks._media_calls import SETTLE, announcing, percent_a_call, recording
from benchmarks.harness import Row, SpoiledRound, alternate

SECONDS = 8.0
ROUNDS = 3
UNIT = "% of a core a call"


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
        # Where it cannot keep up, what it used is less than it needs: to our disadvantage.
        lambda: _announced("aiortc-announcing", count, least=10),
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


def _announced(role: str, count: int, *, least: int = 40) -> float:
    """`least`: packets a second that each call is to hear."""
    with announcing(role, count) as (subject, listeners):
        before = listeners.ask("heard")
        percent = percent_a_call(subject, count, SECONDS)
        rate = (listeners.ask("heard") - before) / count / (SECONDS + SETTLE)
        # 50 a second, less the few packets of silence between two rounds of the announcement.
        subject.ask("stop")
        if rate <= least:
            raise SpoiledRound(f"only {rate:.0f} packets a second were heard")
        return percent


def _length(path: Path) -> float:
    """Decoded, so that a file which does not play cannot pass."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
