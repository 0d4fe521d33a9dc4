"""Runs a flow, the code that answers a call, for exactly as long as its call lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from voip.bot.call import Call
from voip.bot.ending import CallEnded

log = logging.getLogger(__name__)

Flow: TypeAlias = Callable[[Call], Awaitable[None]]


async def run_flow(flow: Flow, call: Call) -> None:
    """Await the flow; cancel it when the call ends first; end the call when the flow is done.

    A flow that fails ends its own call and nothing else. Returns when the call is closed, with
    its recordings complete.
    """
    task = asyncio.ensure_future(_guarded(flow, call))
    over = asyncio.ensure_future(call.ended())
    try:
        await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, over, return_exceptions=True)
    call.hang_up()
    await call.closed()


async def _guarded(flow: Flow, call: Call) -> None:
    try:
        await flow(call)
    except CallEnded:
        pass
    except Exception:
        log.exception("the flow of call %s failed, so the call is ended", call.id)
        call.hang_up("unknown_error")
