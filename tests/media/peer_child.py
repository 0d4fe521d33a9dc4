"""A process that calls and then only sends, until it is killed: `peer_child sound|nothing`.

A line of JSON each way: its offer goes to stdout, the answer comes in by stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.media.clients import BareClient


async def main(sends: str) -> None:
    client = BareClient()
    print(json.dumps(await client.offer()), flush=True)
    answer = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await client.answered(json.loads(answer))
    if sends == "nothing":
        await asyncio.sleep(1.0)
        client.pc.getSenders()[0].replaceTrack(None)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
