"""The echo: a call test. What you say comes back, so you know that both directions work; what the
network did is posted into the room."""

from __future__ import annotations

import contextlib
import logging
from functools import partial

from voip.bot.call import Call
from voip.bot.recorder import BEGIN
from voip.matrix.errors import MatrixError
from voip.media.events import MediaStats
from voip.media.sound_errors import SpeechUnavailable
from voip.media.sounds import Speech

log = logging.getLogger(__name__)

GREETING = Speech("This is the call test. After the tone you will hear yourself.")


async def echo(call: Call) -> None:
    call.afterwards(partial(_report, call))
    await call.answer()
    with contextlib.suppress(SpeechUnavailable):  # an extra: without it there is the tone alone
        await call.play(GREETING)
    await call.play(BEGIN)
    await call.echo()


async def _report(call: Call) -> None:
    if call.media is None or call.marks.established is None:
        return
    try:
        await call.post(quality(call.media, call.marks.talked() or 0.0))
    except MatrixError as error:
        log.warning("the report of a call test was not posted: %s", error)


def quality(stats: MediaStats, seconds: float) -> str:
    """What a person reads after a call test. Without addresses: a path is told by its kinds."""
    heard = stats.packets_received + stats.packets_lost
    lines = [f"Call test of {seconds:.0f} s."]
    lines.append(f"To the bot: {_loss(stats.packets_lost, heard)}, {_grade(stats.mos)}.")
    if stats.lost_by_peer is not None:
        sent = max(stats.packets_sent, stats.lost_by_peer)
        back = f"{_loss(stats.lost_by_peer, sent)}, {_grade(stats.mos_of_peer)}"
        lines.append(f"From the bot: {back}.")
    ways = [f"jitter {stats.jitter * 1000:.0f} ms"]
    if stats.round_trip is not None:
        ways.insert(0, f"round trip {stats.round_trip * 1000:.0f} ms")
    if stats.pair is not None:
        local, remote = stats.pair.local, stats.pair.remote
        ways.append(f"path {local.kind} to {remote.kind} over {local.transport}")
    lines.append(f"{', '.join(ways).capitalize()}.")
    if stats.interruptions:
        lines.append(f"Interrupted {stats.interruptions} times.")
    return "\n".join(lines)


def _loss(lost: int, of: int) -> str:
    if of <= 0:
        return "nothing arrived"
    return f"{max(0, lost) / of:.1%} of the packets lost"


def _grade(mos: float | None) -> str:
    """The words of ITU-T P.800 for a mean opinion score."""
    if mos is None:
        return "no sound to judge"
    words = ((4.0, "good"), (3.5, "fair"), (2.5, "poor"), (0.0, "bad"))
    return f"sounds {next(word for least, word in words if mos >= least)} (MOS {mos:.1f})"
