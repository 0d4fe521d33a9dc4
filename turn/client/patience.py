"""Allocations for one who has just given some back: relays count them for a moment longer."""

from __future__ import annotations

import asyncio

from turn.client.client import Allocation, Client
from turn.client.errors import ErrorResponse
from turn.client.messages import Family

QUOTA_REACHED = 486  # RFC 8656 section 19
PAUSE = 1.5
"""Seconds. coturn ends a UDP session, and counts it less, a second after its Refresh to nothing."""


async def allocate(
    client: Client, family: Family | None = None, pause: float = PAUSE
) -> Allocation:
    """As :meth:`Client.allocate`, and once more after ``pause`` seconds where a quota is reached.

    Without this, who checks several URIs of one relay would find a full quota that is their own.
    """
    try:
        return await client.allocate(family=family)
    except ErrorResponse as error:
        if error.code != QUOTA_REACHED:
            raise
    await asyncio.sleep(pause)
    return await client.allocate(family=family)
