"""What a call sends in each moment: a clip, a pushed packet, or next to nothing."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass, field

from voip.media import opus
from voip.media.clips import Clip
from voip.media.keypad import EventSlot, Pause
from voip.media.live import LiveSource

SLOT = 0.02
"""Seconds."""


@dataclass(eq=False, slots=True)
class Playing:
    """A clip that is made ready, waits or plays; `done` is resolved once its last packet was sent,
    or when it is stopped."""

    done: asyncio.Future[None]
    name: int = 0
    """By which it can be stopped; 0: none of its own."""
    loop: bool = False
    """Over and over, until it is stopped."""
    clip: Clip = ()
    position: int = 0
    """Of the packet that is next."""
    slots: int = 0
    """How many went by while it played."""
    stopped: bool = False


@dataclass(eq=False, slots=True)
class Pressing:
    """Keys that wait or are pressed; `done` is resolved once their last slot is over."""

    slots: deque[EventSlot | Pause]
    payload_type: int
    done: asyncio.Future[None]


@dataclass(order=True, slots=True)
class _Pushed:
    due: float
    order: int
    payload: bytes = field(compare=False)


class Playout:
    """A queue of clips, which come first; a live source, whose time goes on meanwhile; and a queue
    of packets with a time of their own.

    With none, a few packets of silence follow, and then the player sends one packet without
    content every `REST`: the other side sees that somebody is there, and a call that only listens
    costs a fiftieth of one that speaks. An Opus encoder with DTX has one every 400 ms (RFC 7587
    §3.1.3), to renew its comfort noise; there is none here to renew.
    """

    SETTLE = 10
    """Packets of silence before the pace slows down."""
    REST = 1.0
    """Seconds from one packet to the next then."""
    REST_SAMPLES = round(REST * opus.SAMPLE_RATE) - opus.FRAME
    """Between the end of one and the beginning of the next."""
    LATE = 0.1
    """Seconds after its time when a pushed packet is dropped instead of sent."""
    MAX_PUSHED = 250

    def __init__(self) -> None:
        self._keys: deque[Pressing] = deque()
        self._clips: deque[Playing] = deque()
        self._sent: Playing | Pressing | None = None
        self._pushed: list[_Pushed] = []
        self._pushes = 0
        self._last_due = 0.0
        self._silent = 0
        self.live: LiveSource | None = None
        self.comfort = False
        """The packet taken last renews the comfort noise in a silence."""

    @property
    def resting(self) -> bool:
        """Nothing to send, and for long enough to slow down."""
        if self.live is not None and self.live.waiting:
            return False
        return self._silent > self.SETTLE and not (self._keys or self._clips or self._pushed)

    def play(self, playing: Playing) -> None:
        """Queue a clip, which is not empty."""
        self._clips.append(playing)

    def withdraw(self, playing: Playing) -> None:
        """Send no further packet of this clip."""
        if playing in self._clips:
            self._clips.remove(playing)

    def press(
        self, slots: list[EventSlot | Pause], payload_type: int, done: asyncio.Future[None]
    ) -> Pressing:
        """Queue keys, which go before everything else."""
        pressing = Pressing(deque(slots), payload_type, done)
        self._keys.append(pressing)
        return pressing

    def release(self, pressing: Pressing) -> None:
        """Press no further key of these."""
        if pressing in self._keys:
            self._keys.remove(pressing)

    @property
    def pressing(self) -> bool:
        """Keys have the next slot: `take_event` gives it."""
        return bool(self._keys)

    def take_event(self) -> tuple[EventSlot, int] | None:
        """The telephone event packet for this slot and its payload type; None between two keys.
        What plays waits, and what was pushed gets old."""
        pressing = self._keys[0]
        slot = pressing.slots.popleft()
        self._silent = 0
        if not pressing.slots:
            self._keys.popleft()
            self._sent = pressing
        return (slot, pressing.payload_type) if isinstance(slot, EventSlot) else None

    def push(self, payload: bytes, due: float | None, now: float) -> None:
        """Send one packet at `due`, or right after what was pushed before."""
        if due is None:
            due = max(now, self._last_due + 0.02)
        self._last_due = due
        self._pushes += 1
        if len(self._pushed) < self.MAX_PUSHED:
            heapq.heappush(self._pushed, _Pushed(due, self._pushes, payload))

    def take(self, slot: float) -> bytes | None:
        """The packet for the slot that begins at `slot`; None: nothing needs to be sent."""
        self.comfort = False
        live = None if self.live is None else self.live.take(round(slot / SLOT))
        if self._clips:
            payload = self._from_clip()
            silent = opus.is_pause(payload)
            self._silent = self.SETTLE + 1 if silent else 0
            return None if silent else payload
        if live is not None:
            self.comfort = live.silent
            self._silent = self.SETTLE + 1 if live.silent else 0
            return live.payload
        pushed = self._from_pushed(slot)
        if pushed:
            self._silent = 0
            return pushed
        self._silent += 1
        return opus.SILENCE if self._silent <= self.SETTLE else None

    def sent(self) -> None:
        """The packet taken last is on its way: a clip that ended with it is done."""
        if self._sent and not self._sent.done.done():
            self._sent.done.set_result(None)
        self._sent = None

    def close(self, error: Exception) -> None:
        """Whoever waits for a clip gets `error`."""
        self.sent()
        for done in [waiting.done for waiting in self._keys] + [clip.done for clip in self._clips]:
            if not done.done():
                done.set_exception(error)
        self._keys.clear()
        self._clips.clear()
        self._pushed.clear()

    def _from_clip(self) -> bytes:
        playing = self._clips[0]
        payload = playing.clip[playing.position]
        playing.position += 1
        playing.slots += 1
        if playing.position == len(playing.clip):
            playing.position = 0
            if not playing.loop:
                self._clips.popleft()
                self._sent = playing
        return payload

    def _from_pushed(self, slot: float) -> bytes | None:
        while self._pushed and self._pushed[0].due < slot - self.LATE:
            heapq.heappop(self._pushed)
        # Half a packet of leeway: what is due in this slot belongs to it.
        if self._pushed and self._pushed[0].due <= slot + 0.01:
            return heapq.heappop(self._pushed).payload
        return None
