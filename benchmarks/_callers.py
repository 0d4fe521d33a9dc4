"""Who calls a bot many times over, and listens to the clock: a process driven by a `Side`.

aiortc makes the connections. The sockets are read by code of ours, which notes when the kernel got
each packet and decodes nothing: delivery on one machine is done by whoever sends, so what is noted
is when the bot sent, however late this process comes to look.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks._probe import favour
from benchmarks._speakers import Speaker, talk
from benchmarks._tasks import serve
from voip.media.clips import Clip, encode
from voip.media.sounds import Tone

SO_TIMESTAMPNS: Final = 35  # asm-generic/socket.h; Python has no name for it
BURST: Final = 64
VOICE: Final = Tone(440, 2.0)
"""What callers say: no packet of it is as small as silence."""


@dataclass(slots=True)
class Heard:
    """What came from the bot in one call."""

    first: float = 0.0
    """Unix time of the first packet."""
    packets: int = 0
    gaps: list[float] = field(default_factory=list)
    """Seconds from one packet to the next, where the sound goes on, if more than 30 ms."""
    _last: float = 0.0
    _number: int = 0
    _stamp: int = 0

    def note(self, at: float, packet: bytes) -> None:
        number, stamp = struct.unpack_from("!HI", packet, 2)
        if not self.packets:
            self.first = at
        elif number == (self._number + 1) % 65536:
            # Silence is not sent: what it takes is no gap.
            went_on = ((stamp - self._stamp) % (1 << 32)) / 48_000
            gap = at - self._last - went_on + 0.02
            if gap > 0.03:
                self.gaps.append(gap)
        self.packets += 1
        self._last, self._number, self._stamp = at, number, stamp


class Caller(Speaker):
    """One call."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = Heard()

    async def offer(self) -> str:
        sdp = await super().offer()
        ice = self._sender.transport.transport._connection
        for protocol in ice._protocols:
            self._read(protocol)
        return sdp

    def _read(self, protocol: Any) -> None:
        """In place of asyncio's own reading."""
        transport, loop = protocol.transport, asyncio.get_running_loop()
        sock: socket.socket = transport._sock
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

        def readable() -> None:
            for _ in range(BURST):
                try:
                    data, extra, _flags, address = sock.recvmsg(2048, 64)
                except (BlockingIOError, InterruptedError):
                    return
                except OSError as error:
                    protocol.error_received(error)
                    return
                if _is_rtp(data):
                    seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
                    self.heard.note(seconds + nanoseconds / 1e9, data)
                else:
                    protocol.datagram_received(data, address)

        loop._remove_reader(sock.fileno())  # type: ignore[attr-defined]
        loop._add_reader(sock.fileno(), readable)  # type: ignore[attr-defined]


def _is_rtp(data: bytes) -> bool:
    """RFC 7983 section 7, and RFC 5761 section 4 for what is RTCP."""
    return len(data) > 12 and 127 < data[0] < 192 and not 191 < data[1] < 224


class Callers:
    def __init__(self) -> None:
        self._calls: dict[int, Caller] = {}
        self._clip: Clip = encode(VOICE)
        self._talking: dict[int, asyncio.Task[None]] = {}

    async def do(self, task: dict[str, Any]) -> Any:
        numbers = range(task.get("first", 0), task.get("first", 0) + task.get("count", 0))
        match task["do"]:
            case "offer":
                new = {number: Caller() for number in numbers}
                self._calls |= new
                return await asyncio.gather(*(one.offer() for one in new.values()))
            case "apply":
                answers = enumerate(task["answers"], start=task["first"])
                await asyncio.gather(*(self._calls[n].apply(answer) for n, answer in answers))
            case "talk":
                speakers: list[Speaker] = [self._calls[number] for number in numbers]
                self._talking[numbers.start] = asyncio.create_task(talk(speakers, self._clip))
            case "hush":
                await self._hush(numbers.start)
            case "said":
                return [self._calls[number]._number for number in numbers]
            case "heard":
                return [_figures(self._calls[number].heard) for number in numbers]
            case "end":
                await self._hush(numbers.start)
                await asyncio.gather(*(self._calls.pop(number).close() for number in numbers))
        return None

    async def _hush(self, first: int) -> None:
        if (talking := self._talking.pop(first, None)) is not None:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


def _figures(heard: Heard) -> dict[str, Any]:
    return {"first": heard.first, "packets": heard.packets, "gaps": heard.gaps}


async def main(*, favoured: bool) -> None:
    if favoured:
        favour(1)
    await serve(Callers().do)


if __name__ == "__main__":
    asyncio.run(main(favoured=sys.argv[1] != "unfavoured"))
