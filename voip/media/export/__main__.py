"""The process that does one order: it comes on stdin, and reports go to stdout, a line each.

In a process of its own, because decoding holds the interpreter for as long as a call was long, and
because a decoder that a damaged file brings down takes nothing else with it.
"""

from __future__ import annotations

import contextlib
import os
import sys

from voip.media.export.errors import ExportBroke, ExportError
from voip.media.export.order import Order, Report, decoded, encoded
from voip.media.export.work import work

NICE = 10
"""Calls that live have the processor first."""
_OFTEN = 0.005
"""Of the whole: what is less is not reported."""


def main() -> int:
    os.nice(NICE)
    order = decoded(sys.stdin.buffer.readline(), Order)
    try:
        report = Report(exported=work(order, _Reporter()))
    except ExportError as error:
        report = Report(error=type(error).__name__, message=str(error))
    except _NobodyWaits:
        # Whoever asked was killed, and cannot remove what was begun.
        order.target.unlink(missing_ok=True)
        return 1
    except (OSError, ArithmeticError, LookupError, MemoryError, ValueError) as error:
        # FFmpeg and its binding have more ways to fail than can be named; this is the last one.
        name = type(error).__name__
        report = Report(error=ExportBroke.__name__, message=f"it cannot be made: {name}")
    with contextlib.suppress(_NobodyWaits):
        _say(report)
    return 0


class _NobodyWaits(Exception):
    """Nobody reads the reports. No OSError, which would be one of the target's."""


class _Reporter:
    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: float) -> None:
        """Raises _NobodyWaits."""
        if done - self._said >= _OFTEN:
            self._said = done
            _say(Report(done=done))


def _say(report: Report) -> None:
    try:
        sys.stdout.buffer.write(encoded(report))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise _NobodyWaits from None


if __name__ == "__main__":
    sys.exit(main())
