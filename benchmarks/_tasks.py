"""A process that does what the one that started it asks: `_media_calls.Side` is the other end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any


async def serve(do: Callable[[dict[str, Any]], Awaitable[Any]]) -> None:
    """Until it has stopped; a task and its result are a line of JSON each."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = json.loads(line)
        print(json.dumps(await do(task)), flush=True)
        if task["do"] == "stop":
            return
