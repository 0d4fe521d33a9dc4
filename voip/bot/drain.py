"""The end of a bot without cutting anybody off: calls that live may finish, for a while."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from voip.bot.call import Call, CallEnded
from voip.media.errors import MediaError
from voip.media.sound_errors import SoundError
from voip.media.sounds import Sound

log = logging.getLogger(__name__)

PROGRESS_EVERY: Final = 5.0
"""Seconds between two lines of the log that say how many calls are left."""
WORDS_WITHIN: Final = 10.0
"""Seconds that the last words may take."""


@dataclass(frozen=True, slots=True)
class DrainSettings:
    seconds: float = 0.0
    """For so long calls may go on; 0: they are ended at once."""
    words: Sound | None = None
    """What those who are still there hear before the end."""
    text: str | None = None
    """What their rooms are told."""


async def drain(
    calls: Collection[Call],
    settings: DrainSettings,
    post: Callable[[str, str], Awaitable[None]],
) -> None:
    """Wait until no call is left, or time is over; then say the last words. Ends no call itself."""
    calls = list(calls)
    if settings.seconds > 0:
        log.info("no more calls are taken; %d may go on %.0f s", len(calls), settings.seconds)
        calls = await _left_after(calls, settings.seconds)
    if calls:
        log.info("%d calls are still there and are ended now", len(calls))
        await asyncio.gather(*(_last_words(call, settings, post) for call in calls))


async def _left_after(calls: list[Call], seconds: float) -> list[Call]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    waiting = {asyncio.ensure_future(call.closed()): call for call in calls}
    try:
        while waiting and (wait := deadline - loop.time()) > 0:
            timeout = min(wait, PROGRESS_EVERY)
            done, _ = await asyncio.wait(
                waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            for each in done:
                del waiting[each]
            log.info("%d calls go on, %.0f s are left", len(waiting), deadline - loop.time())
    finally:
        for waiter in waiting:
            waiter.cancel()
    return list(waiting.values())


async def _last_words(
    call: Call, settings: DrainSettings, post: Callable[[str, str], Awaitable[None]]
) -> None:
    if settings.text is not None:
        await post(call.room_id, settings.text)
    if settings.words is None or call.end is not None or call.marks.established is None:
        return
    with contextlib.suppress(CallEnded, MediaError, SoundError, TimeoutError):
        async with asyncio.timeout(WORDS_WITHIN):
            await call.stop_playing()
            await call.play(settings.words)
