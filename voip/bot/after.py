"""What a flow wants done when its call is over: then nothing is said to anybody any more."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from voip.bot.call import Call

log = logging.getLogger(__name__)

Work: TypeAlias = Callable[[], Awaitable[None]]


async def do_afterwards(call: Call, work: list[Work]) -> None:
    """One after the other; one that fails is logged, and the others are done."""
    for one in work:
        try:
            await one()
        except Exception:
            log.exception("what was to be done after call %s failed", call.id)
