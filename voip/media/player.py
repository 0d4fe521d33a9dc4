"""The track that a call sends: packets that are encoded already, 20 ms apart.

Nothing is encoded in a call, and there is no task that sends: a timer of the loop takes each packet
from the playout straight to SRTP and the socket (`private/audio_sender.py`).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from voip.media import opus
from voip.media.clips import Clip
from voip.media.keypad import EventSlot, Pause
from voip.media.live import LiveSource
from voip.media.playout import SLOT, Playing, Playout
from voip.media.private import Send
from voip.media.sound_errors import PlayerClosed
from voip.media.sounds import Played

log = logging.getLogger(__name__)

_SOON = 0.0005
"""Seconds: what is due so soon is due, whatever the clock rounds to."""


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
        self._send: Send | None = None
        self._start = 0.0
        """When the sample 0 was due, on the loop's clock."""
        self._position = 0
        """Samples before the packet that is sent next."""
        self._sent = 0
        """Samples until the end of the packet that was sent last."""
        self._over = 0
        """Samples until the end of the slot that was had last: a rest is left there at best."""
        self._quiet = True
        """The other side hears nothing: what comes next begins anew."""
        self._timer: asyncio.TimerHandle | None = None
        self._expected: list[Playing] = []
        """What plays, waits, or is made ready."""
        self.on_sent: Callable[[bytes, float], None] | None = None
        """Told of each packet of sound, and of the second of the loop's clock when it is due."""

    def begin(self, send: Send) -> None:
        """The call is connected: from the next slot on, `send` gets each packet when it is due."""
        self._clock = asyncio.get_running_loop()
        self._send = send
        self._start = math.ceil(self._clock.time() / SLOT) * SLOT
        self._arm()

    async def press(self, slots: list[EventSlot | Pause], payload_type: int) -> None:
        """Press keys, which makes clips wait; returns when the last slot is over.

        Cancelling it stops after the packet that was sent last. Raises PlayerClosed.
        """
        self._check_live()
        done = asyncio.get_running_loop().create_future()
        pressing = self._playout.press(slots, payload_type, done)
        self._wake()
        try:
            await pressing.done
        finally:
            self._playout.release(pressing)

    def expect(self, name: int = 0) -> Playing:
        """A sound that is being made ready for `play`: `stop_playing` stops it too. Whoever
        calls this calls `forget`."""
        playing = Playing(asyncio.get_running_loop().create_future(), name)
        self._expected.append(playing)
        return playing

    def forget(self, playing: Playing) -> None:
        """It is over, however it ended."""
        self._expected.remove(playing)

    async def play(
        self, clip: Clip, *, loop: bool = False, expected: Playing | None = None
    ) -> Played:
        """Play a clip after those that were queued before, with `loop` over and over; returns when
        its last packet is out, or it is stopped. `expected`: what `expect` gave.

        Cancelling it stops the clip at once: no further packet of it is sent. Before the call
        is connected nothing is sent, and the clip waits. Raises PlayerClosed when the call ends
        before the clip does.
        """
        playing = self.expect() if expected is None else expected
        playing.clip, playing.loop = clip, loop
        try:
            if clip and not playing.stopped:
                self._check_live()
                self._playout.play(playing)
                self._wake()
                await playing.done
        finally:
            self._playout.withdraw(playing)
            if expected is None:
                self.forget(playing)
        return Played(not playing.stopped, round(playing.slots * SLOT, 2))

    def stop_playing(self, name: int | None = None) -> None:
        """No further packet is sent of what plays or waits under that name, None: of anything;
        and `play` returns."""
        for playing in self._expected:
            if name in {None, playing.name} and not playing.done.done():
                playing.stopped = True
                self._playout.withdraw(playing)
                playing.done.set_result(None)

    def push(self, payload: bytes, due: float | None = None) -> None:
        """Send one Opus packet at `due` (the loop's clock), or right after those before it.

        What is pushed while a clip plays is dropped when its time is over; what is no Opus
        packet is dropped at once.
        """
        if self.readyState == "live" and opus.samples(payload):
            self._playout.push(payload, due, asyncio.get_running_loop().time())
            self._wake()

    def speak(self, source: LiveSource) -> None:
        """Send what a live source has, from the next slot on. Raises PlayerClosed."""
        self._check_live()
        self._playout.live = source
        source.wake.add(self._wake)

    def hush(self, source: LiveSource) -> None:
        """Send no more of it."""
        source.wake.discard(self._wake)
        if self._playout.live is source:
            self._playout.live = None

    async def recv(self) -> Any:
        """Nobody asks: what is due goes out by itself."""
        raise MediaStreamError

    def stop(self) -> None:
        """End the track: it is called when the call's sending side ends."""
        super().stop()
        if self._timer is not None:
            self._timer.cancel()
        self._playout.close(PlayerClosed("the call ended before the sound did"))

    def _check_live(self) -> None:
        if self.readyState != "live":
            raise PlayerClosed("the call does not send any more")

    @property
    def _due(self) -> float:
        return self._start + self._position / opus.SAMPLE_RATE

    def _arm(self) -> None:
        self._timer = self._clock.call_at(self._due, self._tick)

    def _wake(self) -> None:
        """There is something to send: go on in the next slot, wherever a rest was to end."""
        if self._timer is None or self.readyState != "live":
            return
        passed = (self._clock.time() - self._start) * opus.SAMPLE_RATE
        # Less a thousandth of a slot: seconds since the machine's start are not exact.
        slot = max(math.ceil(passed / opus.FRAME - 0.001) * opus.FRAME, self._over)
        if slot < self._position:
            self._timer.cancel()
            self._position = slot
            self._arm()

    def _tick(self) -> None:
        """Send what is due, also what was due while the loop was busy."""
        now = self._clock.time() + _SOON
        late = now - self._due
        if late > self.STALL:
            self._start += math.floor(late / SLOT) * SLOT
        try:
            while self._due <= now and self.readyState == "live":
                self._next()
        except Exception:
            log.exception("a call sends nothing any more")
            self.stop()
        if self.readyState == "live":
            self._arm()

    def _next(self) -> None:
        """One slot, or one longer packet."""
        samples = opus.FRAME
        if self._playout.pressing:
            self._next_event()
        else:
            payload = self._playout.take(self._due) or self._empty()
            if payload is not None:
                samples = opus.samples(payload)
                # RFC 3551 §4.1: the marker is on the first packet after a silence, and what is sent
                # in a silence has none.
                silent = self._playout.comfort or opus.is_pause(payload)
                self._out(payload, self._position, self._quiet and not silent, None)
                self._sent = self._position + samples
                self._quiet = silent
        self._position += samples
        self._over = self._position
        self._playout.sent()
        if self._quiet and self._playout.resting:
            self._position = max(self._position, self._sent + Playout.REST_SAMPLES)

    def _empty(self) -> bytes | None:
        """What is sent where there is nothing to send: a packet without content when the silence
        begins, and every `REST`."""
        if self._quiet and self._position - self._sent < Playout.REST_SAMPLES:
            return None
        return opus.DTX

    def _next_event(self) -> None:
        event = self._playout.take_event()
        if event is None:
            self._out(opus.SILENCE, self._position, self._quiet, None)
        else:
            slot, payload_type = event
            begin = self._position - slot.behind * opus.FRAME
            self._out(slot.payload, begin, slot.begins, payload_type)
        self._sent = self._position + opus.FRAME
        self._quiet = False

    def _out(self, payload: bytes, timestamp: int, marker: bool, payload_type: int | None) -> None:
        assert self._send is not None  # noqa: S101  # the timer began with it
        self._send(payload, timestamp, marker, payload_type)
        if self.on_sent is not None and payload_type is None:
            self.on_sent(payload, self._due)
