"""What is heard when the network loses packets or holds them up, and how late.

On a virtual clock, with spoken Opus packets: our jitter buffer and decoder beside aiortc's
(JitterBuffer with a capacity of 16 and a prefetch of 4, as its receiver has it), with the same
packets and the same fate of each. Only the last row depends on the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks._networks import (
    Heard,
    Sent,
    burst,
    hear,
    hear_stock,
    losing,
    send,
    speech,
    speech_with_fec,
)
from benchmarks.harness import Row, alternate

SECONDS = 120.0
JUDGED = round((SECONDS - 2) / 0.02)
"""Packets; the last ones may still be in a buffer."""
JITTER = 0.02
STOCK = "aiortc's jitter buffer"
BURST = 10.0
"""When it begins, in seconds."""


def run() -> list[Row]:
    rows = []
    for share in (0.01, 0.02, 0.05):
        rows += [_lost(share), _lost_with_fec(share), _lost_with_jitter(share)]
    rows += [_after(0.02, late=False), _after(0.3, late=False), _after(0.3, late=True)]
    return [*rows, _delay(), _cost()]


def _lost(share: float) -> Row:
    sent = send(speech(), SECONDS, losing(share))
    return _lost_row(f"audio lost, {share:.0%} of packets lost", sent, goal=_really_lost(sent))


def _lost_with_fec(share: float) -> Row:
    sent = send(speech_with_fec(), SECONDS, losing(share))
    what = f"audio lost, {share:.0%} of packets with FEC lost"
    return _lost_row(what, sent, goal=_really_lost(sent) / 2)


def _lost_with_jitter(share: float) -> Row:
    sent = send(speech(), SECONDS, losing(share, jitter=JITTER))
    what = f"audio lost, {share:.0%} lost, the rest late by {1000 * JITTER:.0f} ms on average"
    return _lost_row(what, sent, goal=_really_lost(sent) + 1)


def _lost_row(what: str, sent: Sequence[Sent], *, goal: float) -> Row:
    ours, stock = hear(sent).lost(JUDGED), hear_stock(sent).lost(JUDGED)
    return Row.within(what, ours, unit="%", goal=goal, peer=stock, peer_name=STOCK)


def _really_lost(sent: Sequence[Sent]) -> float:
    return 100 * sum(one.arrival is None for one in sent[:JUDGED]) / JUDGED + 1e-9


def _after(length: float, *, late: bool) -> Row:
    sent = send(speech(), 25.0, burst(BURST, length, late=late))
    fate = "held up" if late else "lost"
    return Row.within(
        f"delay added, 5 s after packets were {fate} for {1000 * length:.0f} ms",
        _added(hear(sent)),
        unit="ms",
        goal=20,
        peer=_added(hear_stock(sent)),
        peer_name=STOCK,
    )


def _added(heard: Heard) -> float:
    return round(heard.delay(BURST + 5, BURST + 6) - heard.delay(BURST - 1, BURST), 3) + 0.0


def _delay() -> Row:
    sent = send(speech(), SECONDS, losing(0, jitter=JITTER))
    return Row.within(
        f"delay in all, late by {1000 * JITTER:.0f} ms on average",
        hear(sent).delay(10, SECONDS - 2),
        unit="ms",
        goal=250,
        peer=hear_stock(sent).delay(10, SECONDS - 2),
        peer_name=STOCK,
    )


def _cost() -> Row:
    sent = send(speech(), 20.0, losing(0.02, jitter=0.005))
    medians = alternate("receiving", lambda: _time(hear, sent), lambda: _time(hear_stock, sent))
    return Row.against(
        "CPU of jitter buffer and decoder",
        medians.ours,
        medians.peer,
        peer_name=STOCK,
        unit="µs a packet",
    )


def _time(run: Callable[[Sequence[Sent]], Heard], sent: Sequence[Sent]) -> float:
    began = time.process_time()
    run(sent)
    return 1e6 * (time.process_time() - began) / len(sent)
