"""Whether a relay stops one user who asks for more and more allocations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from turn.audit.model import Finding, Verdict
from turn.client.client import Client
from turn.client.errors import ErrorResponse, RelayError

QUOTA_REACHED = 486  # RFC 8656 section 19


async def quota(connect: Callable[[], Awaitable[Client]], most: int) -> Finding:
    """Ask for one more than ``most``; all are given back."""
    probe = f"more than {most} allocations of one user"
    close = (f"user-quota={most}",)
    async with AsyncExitStack() as stack:
        for count in range(most + 1):
            try:
                client = await stack.enter_async_context(await connect())
                await client.challenge()
                await client.allocate()
            except ErrorResponse as error:
                if error.code == QUOTA_REACHED:
                    return Finding(probe, Verdict.CLOSED, f"stopped after {count} more")
                return Finding(probe, Verdict.UNKNOWN, f"after {count} it said {error}")
            except RelayError as error:
                return Finding(probe, Verdict.UNKNOWN, f"after {count}: {error}")
    return Finding(probe, Verdict.OPEN, f"{most + 1} were given", close)
