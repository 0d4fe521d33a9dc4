"""The track that a call sends: packets that are encoded already, 20 ms apart.

aiortc sends an `av.Packet` as it is (aiortc 1.16, `RTCRtpSender._next_encoded_frame`: the Opus
encoder's `pack` takes its bytes and turns `pts` and `time_base` into the RTP timestamp). So
nothing is encoded in a call, and aiortc's measuring of loudness, a Python loop over every sample
on the event loop, is not reached either.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from voip.media import opus
from voip.media.clips import Clip
from voip.media.keypad import EventSlot, Pause
from voip.media.playout import Playout
from voip.media.sound_errors import PlayerClosed

PACKET = 0.02
"""Seconds of one slot."""
_TIME_BASE = Fraction(1, opus.SAMPLE_RATE)


class Player(MediaStreamTrack):
    """Plays clips and pushed packets into one call, and keeps quiet in between.

    The time of every packet follows from the first one's and the samples since, so nothing
    drifts. All players of a loop share one grid of 20 ms: their timers run out together, which
    costs one wake-up instead of one a call.
    """

    kind = "audio"
    STALL = 0.5
    """Seconds that the loop may be late and still catch up; beyond it, the schedule moves."""

    def __init__(self) -> None:
        super().__init__()
        self._playout = Playout()
        self._start: float | None = None
        """When the sample 0 was due, on the loop's clock."""
        self._position = 0
        """Samples before the packet that is sent next."""
        self._news = asyncio.Event()
        self.event: EventSlot | None = None
        """What the packet given last is, where it is a telephone event and not sound."""
        self.on_sent: Callable[[bytes, float], None] | None = None
        """Told of each packet of sound, and of the second of the loop's clock when it is due."""

    async def press(self, slots: list[EventSlot | Pause]) -> None:
        """Press keys, which makes clips wait; returns when the last slot is over.

        Cancelling it stops after the packet that is sent now. Raises PlayerClosed.
        """
        if self.readyState != "live":
            raise PlayerClosed("the call does not send any more")
        pressing = self._playout.press(slots, asyncio.get_running_loop().create_future())
        self._news.set()
        try:
            await pressing.done
        finally:
            self._playout.release(pressing)

    async def play(self, clip: Clip) -> None:
        """Play a clip after those that were queued before; returns when its last packet is out.

        Cancelling it stops the clip at once: no further packet of it is sent. Before the call
        is connected nothing is sent, and the clip waits. Raises PlayerClosed when the call ends
        before the clip does.
        """
        if not clip:
            return
        if self.readyState != "live":
            raise PlayerClosed("the call does not send any more")
        playing = self._playout.play(clip, asyncio.get_running_loop().create_future())
        self._news.set()
        try:
            await playing.done
        finally:
            self._playout.withdraw(playing)

    def push(self, payload: bytes, due: float | None = None) -> None:
        """Send one Opus packet at `due` (the loop's clock), or right after those before it.

        What is pushed while a clip plays is dropped when its time is over; what is no Opus
        packet is dropped at once.
        """
        if self.readyState == "live" and opus.samples(payload):
            self._playout.push(payload, due, asyncio.get_running_loop().time())
            self._news.set()

    async def recv(self) -> av.Packet[Any]:
        """For aiortc: the next packet, when it is due. Raises MediaStreamError after `stop`."""
        self._playout.sent()  # aiortc asks for the next one when the last one is sent
        slot = await self._due()
        self.event = self._playout.take_event()
        if self.event is not None:
            begin = self._position - self.event.behind * opus.FRAME
            return self._packet(self.event.payload, begin, opus.FRAME)
        payload = self._playout.take(slot)
        if self.on_sent is not None:
            self.on_sent(payload, slot)
        return self._packet(payload, self._position, opus.samples(payload))

    def stop(self) -> None:
        """End the track: aiortc calls it when the call's sending side ends."""
        super().stop()
        self._playout.close(PlayerClosed("the call ended before the sound did"))
        self._news.set()

    def _packet(self, payload: bytes, pts: int, samples: int) -> av.Packet[Any]:
        packet: av.Packet[Any] = av.Packet(payload)
        packet.pts, packet.time_base = pts, _TIME_BASE
        self._position += samples
        return packet

    async def _due(self) -> float:
        """Sleep until the next packet is due; gives the time it was due."""
        loop = asyncio.get_running_loop()
        if self._start is None:
            self._start = math.ceil(loop.time() / PACKET) * PACKET
        if self._playout.resting:
            await self._rest(self._start, loop)
        slot = self._start + self._position / opus.SAMPLE_RATE
        delay = slot - loop.time()
        if delay < -self.STALL:
            moved = math.ceil(-delay / PACKET) * PACKET
            self._start += moved
            slot += moved
        if delay > 0:
            await asyncio.sleep(delay)
        if self.readyState != "live":
            raise MediaStreamError
        return slot

    async def _rest(self, start: float, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for something to send, at most `REST`; then skip the slots that went by."""
        self._news.clear()
        due = start + self._position / opus.SAMPLE_RATE + Playout.REST - PACKET
        timer = loop.call_at(due, self._news.set)
        try:
            await self._news.wait()
        finally:
            timer.cancel()
        passed = (min(loop.time(), due) - start) * opus.SAMPLE_RATE - self._position
        # Less a thousandth of a slot: seconds since the machine's start are not exact.
        self._position += max(math.ceil(passed / opus.FRAME - 0.001), 0) * opus.FRAME
