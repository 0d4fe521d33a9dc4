"""Messages over a real socket pair: in order, however they are cut, and bounded."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.media.calls import until
from voip.media.workers import channel as channel_module
from voip.media.workers.channel import Channel
from voip.media.workers.messages import (
    ENCODER,
    FROM_WORKER,
    Answer,
    Cancel,
    FromWorker,
    Heard,
    Logged,
    Silent,
    ToWorker,
)


class End:
    """Our end, and the bare socket at the other."""

    def __init__(self) -> None:
        self.taken: list[FromWorker] = []
        self.over = 0
        self.channel: Channel[FromWorker, ToWorker] = Channel(FROM_WORKER, self._take, self._over)
        ours, self.far = socket.socketpair()
        self._ours = ours

    async def open(self) -> None:
        self.far.setblocking(False)
        await self.channel.open(self._ours)

    def _take(self, message: FromWorker) -> None:
        self.taken.append(message)
        if message == Silent(666):
            raise ValueError("on purpose")

    def _over(self) -> None:
        self.over += 1


@pytest.fixture
async def end() -> AsyncIterator[End]:
    one = End()
    await one.open()
    yield one
    one.channel.close()
    one.far.close()
    await asyncio.sleep(0)


def framed(*messages: FromWorker) -> bytes:
    parts = [ENCODER.encode(message) for message in messages]
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


MESSAGES: list[FromWorker] = [
    Silent(1),
    Heard(2, b"\0\1" * 320, 3),
    Answer(4, msgspec.Raw(b"\xc0")),
    Logged("voip", 20, "text", None),
]


@pytest.mark.parametrize("size", [1, 3, 7, 4096])
async def test_messages_arrive_whole_and_in_order(end: End, size: int) -> None:
    data = framed(*MESSAGES)
    for at in range(0, len(data), size):
        await asyncio.get_running_loop().sock_sendall(end.far, data[at : at + size])
        await asyncio.sleep(0)
    await until(lambda: len(end.taken) == len(MESSAGES))
    assert end.taken == MESSAGES


async def test_one_that_cannot_be_handled_does_not_keep_the_next_ones_away(
    end: End, caplog: pytest.LogCaptureFixture
) -> None:
    end.far.send(framed(Silent(666), Silent(2)))
    await until(lambda: len(end.taken) == 2)
    assert "could not be handled" in caplog.text
    assert not end.over


@pytest.mark.parametrize("data", [b"\x03\0\0\0\xc1\xc1\xc1", b"\xff\xff\xff\xffx"])
async def test_nonsense_ends_it(end: End, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    end.far.send(data)
    await until(lambda: end.over == 1)
    assert "given up" in caplog.text
    assert end.channel.closed


async def test_the_other_sides_end_is_told_once(end: End) -> None:
    end.far.send(framed(Silent(1)))
    end.far.close()
    await until(lambda: end.over == 1)
    assert end.taken == [Silent(1)]
    end.channel.close()
    end.channel.send(Cancel(1))
    await asyncio.sleep(0.05)
    assert end.over == 1


async def test_a_side_that_does_not_read_cannot_make_us_keep_everything(
    end: End, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(channel_module, "MOST_WAITING", 1 << 20)
    most = 0
    with caplog.at_level(logging.ERROR):
        for number in range(1_000_000):
            end.channel.send(Cancel(number))
            most = max(most, end.channel.waiting)
            if end.channel.closed:
                break
    assert end.channel.closed
    assert most < 2 << 20
    await until(lambda: end.over == 1)
    assert end.channel.waiting == 0
