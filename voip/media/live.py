"""A live source: samples of the author's become one encoded stream for every call that hears it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from voip.media import opus
from voip.media.libopus import Encoder, Rate, Samples

MAX_WRITE = 2_000_000
"""Bytes of one write: 20 seconds at 48 kHz, so that nobody hands over an hour by mistake."""


class Frame(NamedTuple):
    """What one slot has."""

    payload: bytes | None
    """None: nothing needs to be sent."""
    silent: bool
    """Nobody speaks: comfort noise."""


class LiveSource:
    """Samples in, packets out, one for each slot of 20 ms that goes by.

    Time goes on whether there is something to hear or not: where nothing waits, the slot is silent.
    The first call that asks for a slot moves the source on, the others get the same packet. It
    encodes on the event loop, about 0.2 ms of CPU for each packet, at most `WAITING`
    packets at a time.
    """

    WAITING = 10
    """Packets (200 ms) that may wait to be heard; then `write` does."""
    KEPT = 50
    """Slots that a call whose loop was busy can still ask for."""

    LOSS = 5
    """Per cent of packets whose loss is prepared for where the other side takes in-band FEC."""

    def __init__(self, rate: Rate, *, fec: bool = True) -> None:
        """`fec`: each packet has a copy of the one before. Raises OpusUnavailable, and OpusError
        for a rate that Opus does not have."""
        self._encoder = Encoder(rate, loss=self.LOSS if fec else 0)
        self._rest: Samples = np.empty(0, np.int16)
        """Samples that do not fill a packet yet."""
        self._waiting: deque[Frame] = deque()
        self._slot = -1
        self._given: dict[int, Frame] = {}
        self._cleared = 0
        self._news = asyncio.Event()
        """A packet was taken, or the end came."""
        self._ended = False
        self.wake: set[Callable[[], None]] = set()
        """Told when something waits that did not before."""

    @property
    def waiting(self) -> bool:
        """There is something for the next slot."""
        return bool(self._waiting)

    async def write(self, data: bytes) -> bool:
        """Samples (int16 of this machine, mono), which are heard after those before. Returns when
        no more than 200 ms wait. False: the source has ended.

        Raises ValueError for half a sample and for more than `MAX_WRITE` bytes.
        """
        if len(data) % 2 or len(data) > MAX_WRITE:
            raise ValueError(f"samples have two bytes each, and a write at most {MAX_WRITE}")
        cleared = self._cleared
        samples = np.concatenate([self._rest, np.frombuffer(data, np.int16)])
        self._rest = samples[:0]
        frame = self._encoder.frame
        whole = len(samples) // frame * frame
        for begin in range(0, whole, frame):
            await self._room()
            if self._ended or self._cleared != cleared:
                return not self._ended
            self._encode(samples[begin : begin + frame])
        self._rest = samples[whole:].copy()
        await self._room()
        return not self._ended

    def clear(self) -> float:
        """Drop what waits, and what a `write` still has; gives how many seconds of packets."""
        dropped = len(self._waiting) * opus.FRAME / opus.SAMPLE_RATE
        self._cleared += 1
        self._waiting.clear()
        self._rest = self._rest[:0]
        self._news.set()
        return dropped

    async def drain(self) -> None:
        """Wait until everything was taken; the last packet is filled up with silence."""
        if len(self._rest):
            missing = self._encoder.frame - len(self._rest)
            self._encode(np.concatenate([self._rest, np.zeros(missing, np.int16)]))
            self._rest = self._rest[:0]
        while self._waiting and not self._ended:
            await self._taken()

    def end(self) -> None:
        """Nobody hears it any more: whoever waits goes on."""
        self._ended = True
        self.clear()

    def take(self, slot: int) -> Frame | None:
        """What this slot has; None: nothing was written in time. Slots count up, for all calls
        alike."""
        if slot > self._slot:
            self._slot = slot
            if self._waiting:
                self._given[slot] = self._waiting.popleft()
                self._news.set()
            for old in [one for one in self._given if one <= slot - self.KEPT]:
                del self._given[old]
        return self._given.get(slot)

    def _encode(self, samples: Samples) -> None:
        packet = self._encoder.encode(samples)
        silent = self._encoder.silent
        pause = silent and opus.is_pause(packet)
        self._waiting.append(Frame(None if pause else packet, silent))
        if len(self._waiting) == 1:
            for wake in self.wake:
                wake()

    async def _room(self) -> None:
        while len(self._waiting) >= self.WAITING and not self._ended:
            await self._taken()

    async def _taken(self) -> None:
        self._news.clear()
        await self._news.wait()
