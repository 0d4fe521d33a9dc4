"""Pictures that have files of their own beside a recording, each with the sound of its time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from voip.media.files import free_name
from voip.media.limits import MOST_FILES, PartLimits
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.sender_clock import SenderClock
from voip.media.webm import UnusableVideo, VideoWriter

MOST: Final = 32
"""Beginnings in one recording: a peer may begin to share as often as it likes."""
_HELD: Final = 1500
"""Packets of sound that wait for the next picture: half a minute."""


@dataclass(slots=True)
class Part:
    """One such file. It begins with a keyframe, and its sound ends with its last picture: that
    the picture has ended is told by nobody."""

    writer: VideoWriter
    screen: int
    """As in its frames."""
    _held: deque[AudioPacket] = field(default_factory=lambda: deque(maxlen=_HELD))

    def audio(self, packet: AudioPacket) -> None:
        self._held.append(packet)

    def video(self, frame: VideoFrame) -> None:
        self.show_sound()
        self.writer.video(frame)

    def show_sound(self) -> None:
        """What is held belongs here: the picture goes on, here or in the next file."""
        while self._held:
            self.writer.audio(self._held.popleft())


class Parts:
    """`screen.webm` for each screen that is shared, and `video.webm` for a camera that came on
    when the recording had become one of sound alone. Belongs to the writer's thread."""

    def __init__(self, folder: Path, clock: SenderClock, limits: PartLimits) -> None:
        self._folder = folder
        self._clock = clock
        self._limits = limits
        self._begun = 0
        self._open: dict[bool, Part] = {}
        """The camera's and the screen's."""
        self.all: list[VideoWriter] = []

    def audio(self, packet: AudioPacket) -> None:
        for part in self._open.values():
            part.audio(packet)

    def video(self, frame: VideoFrame) -> None:
        is_screen = frame.screen > 0
        part = self._open.get(is_screen)
        if part is None or part.screen != frame.screen:
            part = self._begin(frame)
        elif goes_on_elsewhere(part.writer, frame, self._limits):
            part = self._go_on(part, frame)
        if part is None:
            return
        if (last := self._open.get(is_screen)) is not part:
            self._open[is_screen] = part
            if last is not None:
                last.writer.close()
        part.video(frame)

    def interrupt(self) -> None:
        """Something is left out from here on: pictures go on with a keyframe."""
        for writer in self.open_writers:
            writer.interrupt()

    def flush(self, now: float) -> None:
        for writer in self.open_writers:
            writer.flush(now)

    @property
    def open_writers(self) -> list[VideoWriter]:
        return [part.writer for part in self._open.values()]

    def close(self) -> None:
        for writer in self.open_writers:
            writer.close()

    def _begin(self, frame: VideoFrame) -> Part | None:
        if not frame.keyframe or self._begun >= MOST:
            return None
        part = self._new(frame, frame.arrival)
        self._begun += part is not None
        return part

    def _go_on(self, last: Part, keyframe: VideoFrame) -> Part:
        if len(self.all) >= MOST_FILES:
            return last
        last.show_sound()
        return self._new(keyframe, keyframe.arrival - LEAD) or last

    def _new(self, keyframe: VideoFrame, epoch: float) -> Part | None:
        writer = begin_video(
            self._folder, "screen" if keyframe.screen else "video", keyframe, epoch, self._clock
        )
        if writer is None:
            return None
        self.all.append(writer)
        return Part(writer, keyframe.screen)


LEAD: Final = 0.2
"""Seconds before its keyframe at which a file begins that goes on where another one ended: sound
of that time may still be on its way."""


def goes_on_elsewhere(writer: VideoWriter, frame: VideoFrame, limits: PartLimits) -> bool:
    """Whether another file has to begin with this frame: this one is full, or of another codec."""
    return frame.keyframe and (
        frame.codec != writer.codec or limits.reached(writer.seconds, writer.size)
    )


def begin_video(
    folder: Path, name: str, keyframe: VideoFrame, epoch: float, clock: SenderClock
) -> VideoWriter | None:
    """None where nothing can begin with this frame: a later one may be better."""
    free = free_name(folder, name, ".webm", ".mkv")
    try:
        return VideoWriter(folder, free, keyframe, epoch, clock)
    except UnusableVideo:
        return None
