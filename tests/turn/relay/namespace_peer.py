"""One end of a call, in a network namespace of its own: SDP goes in and out as lines of JSON.

`python -m tests.turn.relay.namespace_peer offer|answer URI`, with the username and the password as
the first line of the input. The last line says what arrived.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

WITHIN = 30.0


async def main(side: str, uri: str) -> None:
    username, password = await line()
    # No policy: whatever way there is may be taken, and there is the relay alone.
    connection = RTCPeerConnection(RTCConfiguration([RTCIceServer([uri], username, password)]))
    got: asyncio.Queue[str] = asyncio.Queue()
    try:
        if side == "offer":
            channel = connection.createDataChannel("x")
            channel.on("message", got.put_nowait)
            channel.on("open", lambda: channel.send("there"))
            await connection.setLocalDescription(await connection.createOffer())
            say(connection.localDescription)
            await connection.setRemoteDescription(RTCSessionDescription(*await line()))
            async with asyncio.timeout(WITHIN):
                tell(await got.get())
        else:
            connection.on("datachannel", lambda c: c.on("message", lambda m: c.send(f"back {m}")))
            await connection.setRemoteDescription(RTCSessionDescription(*await line()))
            await connection.setLocalDescription(await connection.createAnswer())
            say(connection.localDescription)
        await line()  # until the other one has what it waits for
    finally:
        await connection.close()


async def line() -> Any:
    return json.loads(await asyncio.to_thread(sys.stdin.readline))


def say(description: RTCSessionDescription) -> None:
    tell([description.sdp, description.type])


def tell(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
