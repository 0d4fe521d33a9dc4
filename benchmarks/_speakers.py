"""Who speaks in many calls, as cheaply as can be: a process driven by a `Side`.

aiortc makes the connections. What is said is encoded once, and written to the sockets of all calls
by one loop, without aiortc's senders: a hundred of those need the better part of a core, and what
is measured beside them would starve.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import sys
from typing import Any, Final

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from benchmarks._media_process import ANNOUNCEMENT
from benchmarks._probe import favour
from voip.media.clips import Clip, encode

TICKS: Final = 4
"""Groups of calls, each 5 ms after the other: a packet every 20 ms in each call."""


class Nothing(MediaStreamTrack):
    """aiortc's sender waits for it."""

    kind = "audio"

    async def recv(self) -> Any:
        await asyncio.get_running_loop().create_future()


class Speaker:
    """One call."""

    def __init__(self) -> None:
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._sender = self._pc.addTrack(Nothing())
        self._payload_type = 0
        self._number = 0

    async def offer(self) -> str:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return str(self._pc.localDescription.sdp)

    async def apply(self, answer: str) -> None:
        found = re.search(r"a=rtpmap:(\d+) opus/", answer)
        assert found
        self._payload_type = int(found[1])
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(30):
            while self._pc.connectionState != "connected":  # noqa: ASYNC110 - before the measuring
                await asyncio.sleep(0.02)
        dtls = self._sender.transport
        pair = dtls.transport._connection._nominated[1]
        self._protect = dtls._tx_srtp.protect
        self._socket, self._address = pair.protocol.transport, pair.remote_addr

    def say(self, clip: Clip) -> None:
        """The next packet."""
        number = self._number
        self._number += 1
        head = struct.pack(
            "!BBHII",
            0x80,
            self._payload_type,
            number % 65536,
            number * 960 % (1 << 32),
            self._sender._ssrc,
        )
        self._socket.sendto(self._protect(head + clip[number % len(clip)]), self._address)

    async def close(self) -> None:
        await self._pc.close()


async def talk(speakers: list[Speaker], clip: Clip) -> None:
    loop = asyncio.get_running_loop()
    due, tick = loop.time(), 0
    while True:
        for speaker in speakers[tick % TICKS :: TICKS]:
            speaker.say(clip)
        tick += 1
        due += 0.02 / TICKS
        await asyncio.sleep(due - loop.time())


async def main() -> None:
    favour(1)
    clip = encode(ANNOUNCEMENT)
    loop = asyncio.get_running_loop()
    speakers: list[Speaker] = []
    talking: asyncio.Task[None] | None = None
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = json.loads(line)
        result = None
        match task["do"]:
            case "offer":
                new = [Speaker() for _ in range(task["count"])]
                speakers += new
                result = await asyncio.gather(*(one.offer() for one in new))
            case "apply":
                new = speakers[-len(task["answers"]) :]
                await asyncio.gather(*map(Speaker.apply, new, task["answers"]))
            case "talk":
                talking = asyncio.create_task(talk(speakers, clip))
            case "stop":
                assert talking is not None
                talking.cancel()
                await asyncio.gather(*(one.close() for one in speakers))
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
