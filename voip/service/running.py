"""Runs one coroutine as the whole program, and ends it cleanly on SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Exit(IntEnum):
    """What the process says to whoever started it; see docs/operation.md."""

    DONE = 0
    FAILED = 1
    """The call, the bot or the demo failed; the reason is on stderr or in the JSON."""
    WRONG_INPUT = 2
    """The command line or the settings; nothing was tried."""
    INTERRUPTED = 130
    """By a signal, where that is not the usual way to end."""


class Interrupted(Exception):
    """A signal asked the program to end, and it has."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end. The first signal cancels it, and what it cleans up is waited for;
    the next one does not wait. Raises Interrupted after a signal."""
    with asyncio.Runner() as runner:
        return runner.run(_until_signal(main))


async def _until_signal(main: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(main)
    asked: list[signal.Signals] = []

    def ask(number: signal.Signals) -> None:
        if asked:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        asked.append(number)
        task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, ask, number)
    try:
        return await task
    except asyncio.CancelledError:
        if asked:
            raise Interrupted from None
        raise
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
