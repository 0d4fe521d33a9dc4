"""The process of a worker: `python -m voip.media.workers.worker FD`.

It lives as long as the socket's other end: when the pool's process is gone, however that came
about, the kernel closes it, and the worker ends at once. What it recorded is repaired by whoever
comes next.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any


async def serve(descriptor: int) -> None:
    """Do what is asked through the socket, until the process ends."""
    # Only now: importing the media libraries takes a while, and a signal may come before.
    from voip.media.realtime import forget_what_stays  # noqa: PLC0415
    from voip.media.workers.server import Server  # noqa: PLC0415

    server = Server(over=lambda: signal.raise_signal(signal.SIGKILL))
    await server.channel.open(socket.socket(fileno=descriptor))
    forget_what_stays()
    await asyncio.get_running_loop().create_future()


def main(work: Callable[[int], Coroutine[Any, Any, None]] = serve) -> None:
    """`work` is for those who measure: it calls `serve`."""
    # Ctrl-C and a service manager's SIGTERM reach every process of the group: the pool's hangs up
    # and closes recordings first, and needs its workers for that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    asyncio.run(work(descriptor))


if __name__ == "__main__":
    main()
