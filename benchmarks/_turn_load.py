"""`python -m benchmarks._turn_load PORT PATH SECONDS PID`: asks as fast as it is answered.

Raw HTTP/1.1 over a few connections that stay open, a request on each as soon as the answer before
is complete. The token comes on stdin; the answer is one JSON line: requests in a second, and the
seconds of processor time that the server, which is process PID, had for one.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import time
from collections.abc import Callable
from typing import cast

import uvloop

CONNECTIONS = 32
SLICE = 0.05
"""Seconds. The rate told is that of the ninth of ten slices in order: what others do on a shared
machine only ever takes away, and seldom from all of them."""
WARM_UP = 0.3
"""Seconds that are not counted."""


class Connection(asyncio.Protocol):
    """One request at a time, for ever."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._left = b""
        self.answered = 0
        self.wrong = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, end, body = self._left.partition(b"\r\n\r\n")
        if not end:
            return
        fields = head.lower()
        if b"\r\ncontent-length: " in fields:
            whole = len(body) >= int(fields.partition(b"content-length: ")[2].split(b"\r\n")[0])
        else:  # chunked, as Synapse answers
            whole = body.endswith(b"0\r\n\r\n")
        if not whole:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.wrong = head
        self._left = b""
        self.answered += 1
        self._transport.write(self._request)


async def load(
    port: int, path: str, seconds: float, token: str, clock: Callable[[], float]
) -> dict[str, float]:
    """What is told. `clock`: the server's processor time, in seconds."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: */*\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(request), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(WARM_UP)
    rates = []
    first, had = sum(one.answered for _, one in made), clock()
    for _ in range(round(seconds / SLICE)):
        before, began = sum(one.answered for _, one in made), time.monotonic()
        await asyncio.sleep(SLICE)
        answered = sum(one.answered for _, one in made) - before
        rates.append(answered / (time.monotonic() - began))
    taken, answered = clock() - had, sum(one.answered for _, one in made) - first
    for transport, one in made:
        transport.abort()
        if one.wrong:
            raise SystemExit(f"an answer was not 200: {one.wrong.decode()[:200]}")
    return {
        "processor": taken / max(answered, 1),
        "rate": sorted(rates)[round(len(rates) * 0.9) - 1],
    }


def processor_clock(pid: int) -> Callable[[], float]:
    """Tells the seconds that all threads of a process have had."""
    return functools.partial(time.clock_gettime, ~pid << 3 | 2)  # as clock_getcpuclockid(3) says


if __name__ == "__main__":
    port, path, seconds, pid = sys.argv[1:]
    clock = processor_clock(int(pid))
    done = load(int(port), path, float(seconds), sys.stdin.read().strip(), clock)
    print(json.dumps(uvloop.run(done)))
