"""How often a call of sound reports (RTCP): as seldom as RFC 3550 asks.

aiortc sends a report of each receiver and each sender every second. RFC 3550 §6.2 has 5 seconds as
the least time between two, which is what browsers keep for sound; half of what a recorded call
costs without a packet of sound is these reports. Receivers of pictures keep aiortc's second, since
the other side fits its bit rate to them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any, Final

from aiortc import RTCRtpReceiver, RTCRtpSender

from voip.media.private.names import RUN_RTCP
from voip.media.ticks import next_tick

LEAST: Final = 5.0
"""Seconds between two reports, on average; aiortc varies it by half, as RFC 3550 §6.3.1 has it."""
SOON: Final = 2
"""The first ones come at aiortc's pace, about a second each: a round trip is measured early, and
loss at the beginning of a call is told."""


def report_seldom(reporter: RTCRtpReceiver | RTCRtpSender) -> None:
    """Before it starts. Its loop is aiortc's own, with other sleeps."""
    method = getattr(reporter, RUN_RTCP)
    function: FunctionType = method.__func__
    slower = {**function.__globals__, "asyncio": _Asyncio(_sleeps())}
    loop = FunctionType(function.__code__, slower, function.__name__)
    setattr(reporter, RUN_RTCP, MethodType(loop, reporter))


def _sleeps() -> Callable[[float], Any]:
    slept = 0

    async def sleep(seconds: float) -> None:
        """`seconds`: aiortc's, 0.5 to 1.5."""
        nonlocal slept
        slept += 1
        now = asyncio.get_running_loop().time()
        wanted = seconds if slept <= SOON else seconds * LEAST
        await asyncio.sleep(next_tick(now + wanted) - now)

    return sleep


class _Asyncio(SimpleNamespace):
    """What the loops of reports use of asyncio."""

    def __init__(self, sleep: Callable[[float], Any]) -> None:
        super().__init__(sleep=sleep, CancelledError=asyncio.CancelledError)
