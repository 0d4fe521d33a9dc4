"""Few wake-ups while packets flow, and none that waits for ever."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.media.calls import until
from voip.media import paced_reader
from voip.media.paced_reader import PATIENT, PROMPT, PacedReader
from voip.media.ticks import TICK, next_tick


class Reader:
    """A socket of its own, and what was read at each look."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.looks: list[int] = []
        self.hurry = False
        self.reader = PacedReader(self.socket, self._drain, lambda: self.hurry)

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            self.socket.sendto(b"x", self.socket.getsockname())

    def close(self) -> None:
        self.reader.close()
        self.socket.close()

    @property
    def read(self) -> int:
        return sum(self.looks)

    def _drain(self) -> int:
        count = 0
        while count < paced_reader.BATCH:
            try:
                self.socket.recv(16)
            except BlockingIOError:
                break
            count += 1
        self.looks.append(count)
        return count


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    one = Reader()
    yield one
    one.close()


async def _flow(reader: Reader, packets: int) -> int:
    """One packet a millisecond; gives how many looks it took to read them all."""
    before, looks = reader.read, len(reader.looks)
    for _ in range(packets):
        reader.send()
        await asyncio.sleep(0.001)
    await until(lambda: reader.read >= before + packets)
    return len(reader.looks) - looks


async def test_what_comes_singly_is_read_at_once_and_then_it_sleeps(reader: Reader) -> None:
    reader.send()
    await until(lambda: reader.read > 0)
    await asyncio.sleep(3 * PATIENT)
    assert reader.looks == [1]  # nobody looks where nothing comes


async def test_while_packets_flow_a_look_reads_many(reader: Reader) -> None:
    patient = await _flow(reader, 200)
    reader.hurry = True
    await asyncio.sleep(2 * PATIENT)
    prompt = await _flow(reader, 200)
    assert patient < prompt <= 200
    assert PROMPT < PATIENT


async def test_more_than_a_batch_goes_on_at_once(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paced_reader, "BATCH", 10)
    reader.send(35)
    await until(lambda: reader.looks[-1:] == [0])
    assert reader.looks == [10, 10, 10, 5, 0]


async def test_closed_it_looks_no_more(reader: Reader) -> None:
    for _ in range(3):
        reader.send()
        await asyncio.sleep(0.001)
    reader.reader.close()
    looks = len(reader.looks)
    reader.send()
    await asyncio.sleep(2 * PATIENT)
    assert len(reader.looks) == looks


@pytest.mark.parametrize("when", [0.0, 12.34, 12.4, 99_999.95])
def test_a_tick_is_shared_and_not_far(when: float) -> None:
    tick = next_tick(when)
    assert when - 1e-6 <= tick <= when + TICK
    assert tick == pytest.approx(round(tick / TICK) * TICK)
    assert next_tick(tick) == pytest.approx(tick)
