"""What stops a sound before its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, TypeVar

from voip.media.sounds import Played

T = TypeVar("T")


class BargeIn(StrEnum):
    """What the other side does to interrupt."""

    DIGIT = "digit"
    """It presses a key, which `Call.digit` then gives."""


class Event(Protocol):
    """An asyncio.Event, or what waits like one."""

    async def wait(self) -> Any: ...


Until: TypeAlias = BargeIn | Awaitable[Any] | Event


async def interruptible(
    play: Callable[[], Coroutine[Any, Any, Played]],
    until: Awaitable[Any] | Event,
    stop: Callable[[], Coroutine[Any, Any, None]],
) -> Played:
    """What became of the sound, which `stop` ends once `until` is done; where that is so already,
    it does not begin. An error of `until` is raised, with the sound stopped."""
    own = until if isinstance(until, Awaitable) else until.wait()
    # A future of somebody else's is only looked at: cancelling is for what begins here.
    signal = asyncio.shield(own) if isinstance(own, asyncio.Future) else asyncio.ensure_future(own)
    try:
        await asyncio.sleep(0)
        played = Played(ended=False, seconds=0.0)
        if not signal.done():
            played = await stopped_by(signal, asyncio.create_task(play()), stop)
        if signal.done() and not signal.cancelled():
            signal.result()
        return played
    finally:
        signal.cancel()


async def stopped_by(
    signal: asyncio.Future[Any],
    work: asyncio.Future[T],
    stop: Callable[[], Coroutine[Any, Any, None]],
) -> T:
    """What `work` gives, which `stop` ends once there is the signal."""
    try:
        await asyncio.wait({work, signal}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await stop()
        return await work
    finally:
        work.cancel()
