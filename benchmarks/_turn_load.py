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
"""Seconds. What is told is that of the best slice of ten, by each measure: where the machine below
ours takes a processor away for other guests, what it took counts as time that the server had. That
only ever adds, but seldom in every slice."""
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
    rates, costs = [], []
    for _ in range(round(seconds / SLICE)):
        before, began, had = sum(one.answered for _, one in made), time.monotonic(), clock()
        await asyncio.sleep(SLICE)
        answered = max(sum(one.answered for _, one in made) - before, 1)
        costs.append((clock() - had) / answered)
        rates.append(answered / (time.monotonic() - began))
    for transport, one in made:
        transport.abort()
        if one.wrong:
            raise SystemExit(f"an answer was not 200: {one.wrong.decode()[:200]}")
    return {
        "processor": sorted(costs)[len(costs) // 10],
        "rate": sorted(rates)[-1 - len(rates) // 10],
    }


def processor_clock(pid: int) -> Callable[[], float]:
    """Tells the seconds that all threads of a process have had."""
    return functools.partial(time.clock_gettime, ~pid << 3 | 2)  # as clock_getcpuclockid(3) says


if __name__ == "__main__":
    port, path, seconds, pid = sys.argv[1:]
    clock = processor_clock(int(pid))
    done = load(int(port), path, float(seconds), sys.stdin.read().strip(), clock)
    print(json.dumps(uvloop.run(done)))
