"""Records a call's encoded packets without decoding them and without blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeAlias

from voip.media.events import MarkKind, Recording, RecordingEnd
from voip.media.limits import UNLIMITED, PartLimits
from voip.media.marks import Cut, Marks
from voip.media.packets import AudioPacket, PlayedPacket, SenderReport, VideoFrame
from voip.media.stop_rules import StopRules
from voip.media.take import Take
from voip.media.writer import WriterThread, writer

_Item: TypeAlias = AudioPacket | PlayedPacket | VideoFrame | SenderReport | Cut


class Recorder:
    """An AudioSink and VideoSink that writes what it is given into `folder`.

    Sound alone becomes `audio.ogg`; with a camera, all of it `video.webm` or `video.mkv`; each
    screen that is shared `screen.webm` or `screen.mkv` beside it. It
    records from its creation until `stop`, or until a rule or a failing disk ends it. After
    that, packets are ignored. However it ends, `on_end` is called exactly once, on the loop.
    """

    MAX_WAITING = 3000
    MAX_WAITING_BYTES = 16 << 20
    """What is kept when the disk does not keep up; a minute of sound, a while of video."""

    def __init__(
        self,
        folder: Path,
        *,
        until_silence: float | None = None,
        max_seconds: float | None = None,
        limits: PartLimits = UNLIMITED,
        on_end: Callable[[Recording], None] | None = None,
        on_growth: Callable[[Recording], None] | None = None,
        thread: WriterThread = writer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create on the event loop; `folder` exists. The rules are seconds, see StopRules;
        `limits` are those of each file. `on_growth` is told of each file that begins and of each
        span that is left out.

        `clock` is the one of the packets' arrivals. Raises ValueError for a limit of 0 or less.
        """
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._rules = StopRules(clock(), until_silence=until_silence, max_seconds=max_seconds)
        self._marks = Marks()
        self._take = Take(folder, self._marks, limits)
        self._on_end = on_end
        self._on_growth = on_growth
        self._told: object = ((None, 0), 0)
        """Which files, and how many marks, that was."""
        self._thread = thread
        self._waiting: deque[_Item] = deque()
        # One side only adds and the other only subtracts, each its own number: no lock needed.
        self._bytes_in = 0
        self._bytes_out = 0
        self._asked_to_stop: RecordingEnd | None = None
        self._ended: Future[Recording] = Future()
        self._ended.set_running_or_notify_cancel()  # from here on, nobody can cancel it
        self._over = False
        """As `_ended` says, but without its lock: it is asked for every packet."""
        self.dropped = 0
        """Packets and frames that were lost because the disk did not keep up."""
        thread.add(self)

    def audio(self, packet: AudioPacket) -> None:
        """AudioSink: take one packet. Called on the loop, never blocks, never raises."""
        self._put(packet, len(packet.payload))

    def video(self, frame: VideoFrame) -> None:
        """VideoSink: take one frame. Called on the loop, never blocks, never raises."""
        self._put(frame, len(frame.data))

    def report(self, report: SenderReport) -> None:
        """ReportSink: take one report. Called on the loop, never blocks, never raises."""
        self._put(report, 0)

    def keep_nothing(self, kind: MarkKind) -> None:
        """From now on, until `keep_again` of the same kind. What came before is kept."""
        self._cut(Cut(kind, True, self._clock()))

    def keep_again(self, kind: MarkKind) -> None:
        """The time in between stays in the recording as silence; pictures go on with a keyframe.
        Nothing to end is no error."""
        self._cut(Cut(kind, False, self._clock()))

    async def stop(self, why: RecordingEnd = RecordingEnd.STOPPED) -> Recording:
        """End the recording and wait until its file is closed.

        Gives what was recorded; where it had ended before, that recording with its own reason.
        Being cancelled does not keep the file from being closed.
        """
        if self._asked_to_stop is None:
            self._asked_to_stop = why
            self._thread.wake()
        return await asyncio.shield(asyncio.wrap_future(self._ended))

    def work(self) -> bool:
        """For the writer's thread: write what has gathered, end what is to end."""
        # Read before the packets: what came in before the request is part of the recording.
        why = self._asked_to_stop
        error: Exception | None = None
        now = self._clock()
        try:
            self._write_waiting()
            self._take.flush(now)
            self._tell_growth(now)
            why = why or self._rules.verdict(now)
        except Exception as failure:  # noqa: BLE001 - the thread serves every other call too
            why, error = RecordingEnd.WRITE_FAILED, failure
        if why is None:
            return False
        self._end(self._take.finish(why, now, error))
        return True

    def _cut(self, cut: Cut) -> None:
        if not self._over:
            self._waiting.append(cut)

    def _put(self, item: _Item, size: int) -> None:
        if self._over:
            return
        waiting = self._bytes_in - self._bytes_out
        if len(self._waiting) >= self.MAX_WAITING or waiting + size > self.MAX_WAITING_BYTES:
            self.dropped += 1
            return
        self._bytes_in += size
        self._waiting.append(item)

    def _write_waiting(self) -> None:
        for _ in range(len(self._waiting)):
            item = self._waiting.popleft()
            if type(item) is AudioPacket:
                self._bytes_out += len(item.payload)
                self._rules.hear(item)
                if item.arrival >= self._marks.kept_from:
                    self._take.audio(item)
            elif isinstance(item, PlayedPacket):
                self._bytes_out += len(item.payload)
                if item.arrival >= self._marks.kept_from:
                    self._take.played(item)
            elif isinstance(item, VideoFrame):
                self._bytes_out += len(item.data)
                if item.arrival >= self._marks.kept_from:
                    self._take.video(item)
            elif isinstance(item, SenderReport):
                self._take.report(item)
            elif isinstance(item, Cut):
                self._marks.cut(item)
                self._take.interrupt()

    def _tell_growth(self, now: float) -> None:
        grown = (self._take.files, self._marks.count)
        if grown != self._told:
            self._told = grown
            if self._on_growth:
                self._say(self._on_growth, self._take.describe(now))

    def _say(self, to: Callable[[Recording], None], recording: Recording) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(to, recording)

    def _end(self, recording: Recording) -> None:
        self._over = True
        self._rules.close()
        self._ended.set_result(recording)
        self._waiting.clear()
        if self._on_end:
            self._say(self._on_end, recording)
