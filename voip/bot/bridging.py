"""Two calls of one bot that talk with each other through it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from voip.bot.between import pass_on
from voip.bot.ending import CallEnded
from voip.media.errors import UnknownCall
from voip.tasks import TaskOwner

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.media.interface import CallMedia
    from voip.signalling.commands import Ended


async def bridged(media: CallMedia, call: Call, other: Call) -> Ended:
    """See `Call.bridge`."""
    try:
        await media.bridge(call.key, other.key)
    except UnknownCall:
        return await _first_end(call, other)
    owner = TaskOwner()
    try:
        owner.spawn(pass_on(call, other), "what two bridged calls learn")
        return await _first_end(call, other)
    finally:
        await owner.aclose()
        with contextlib.suppress(UnknownCall):  # its media are closed, and the bridge with them
            await media.unbridge(call.key)


async def _first_end(call: Call, other: Call) -> Ended:
    over, onward = asyncio.ensure_future(call.ended()), asyncio.ensure_future(other.ended())
    try:
        await asyncio.wait({over, onward}, return_when=asyncio.FIRST_COMPLETED)
        if call.end is not None:
            raise CallEnded(call.end)
        return await onward
    finally:
        over.cancel()
        onward.cancel()
