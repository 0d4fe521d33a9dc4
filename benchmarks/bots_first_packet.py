"""From an invite's arrival to the first packet of the greeting: the voicemail beside bare aiortc.

Ours is the whole bot, with journal, core, flow and all, on a Matrix edge that takes no time. Beside
it is the shortest program on aiortc that answers the same offers, and sends a packet that is ready
as soon as the connection is there. Callers are aiortc, in a process of their own; ICE and DTLS are
in both figures, and most of them.
"""

from __future__ import annotations

import statistics
import time

from benchmarks._bot_calls import Line, line
from benchmarks.harness import Row, SpoiledRound, alternate

GREETING = "Hello. Please leave a message after the tone."
CALLS = 20
WARM_UP = 3
HEARD_WITHIN = 5.0
"""Seconds after the connection."""


def run() -> list[Row]:
    medians = alternate(
        "first packet", lambda: _milliseconds("voicemail"), lambda: _milliseconds("bare")
    )
    return [
        Row.against(
            "invite to the first packet of the greeting",
            medians.ours,
            medians.peer,
            peer_name="bare aiortc",
            unit="ms",
            goal=1.5,
        )
    ]


def _milliseconds(role: str) -> float:
    """The median of calls one after the other."""
    taken = []
    with line(role, GREETING) as calls:
        for number in range(WARM_UP + CALLS):
            (at,) = calls.connect(number, 1)
            taken.append(_first(calls, number) - at)
            calls.end(number, 1)
    return 1000 * statistics.median(taken[WARM_UP:])


def _first(calls: Line, number: int) -> float:
    """When the first packet of a call came (Unix time)."""
    until = time.monotonic() + HEARD_WITHIN
    while time.monotonic() < until:
        (heard,) = calls.heard(number, 1)
        if heard["packets"]:
            return float(heard["first"])
        time.sleep(0.01)
    raise SpoiledRound(f"nothing was heard within {HEARD_WITHIN} s of the connection")
