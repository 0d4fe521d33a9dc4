"""Pictures that have files of their own beside a recording, each with the sound of its time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from voip.media.packets import AudioPacket, VideoFrame
from voip.media.sender_clock import SenderClock
from voip.media.webm import UnusableVideo, VideoWriter

MOST: Final = 32
"""Files of one recording: a peer may begin to share as often as it likes."""
_HELD: Final = 1500
"""Packets of sound that wait for the next picture: half a minute."""


@dataclass(slots=True)
class Part:
    """One such file. It begins with a keyframe, and its sound ends with its last picture: that
    the picture has ended is told by nobody."""

    writer: VideoWriter
    screen: int
    """As in its frames."""
    began: float
    """Arrival of its first frame."""
    _held: deque[AudioPacket] = field(default_factory=lambda: deque(maxlen=_HELD))

    def audio(self, packet: AudioPacket) -> None:
        self._held.append(packet)

    def video(self, frame: VideoFrame) -> None:
        while self._held:
            self.writer.audio(self._held.popleft())
        self.writer.video(frame)


class Parts:
    """`screen.webm` for each screen that is shared, and `video.webm` for a camera that came on
    when the recording had become one of sound alone. Belongs to the writer's thread."""

    def __init__(self, folder: Path, clock: SenderClock) -> None:
        self._folder = folder
        self._clock = clock
        self._open: dict[bool, Part] = {}
        """The camera's and the screen's."""
        self.all: list[Part] = []

    def audio(self, packet: AudioPacket) -> None:
        for part in self._open.values():
            part.audio(packet)

    def video(self, frame: VideoFrame) -> None:
        is_screen = frame.screen > 0
        part = self._open.get(is_screen)
        if part is None or part.screen != frame.screen:
            part = self._begin(frame)
            if part is None:
                return
            if is_screen in self._open:
                self._open[is_screen].writer.close()
            self._open[is_screen] = part
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
        if not frame.keyframe or len(self.all) >= MOST:
            return None
        name = free_name(self._folder, "screen" if frame.screen else "video", ".webm", ".mkv")
        try:
            writer = VideoWriter(self._folder, name, frame, frame.arrival, self._clock)
        except UnusableVideo:
            return None  # a later keyframe may be better
        self.all.append(Part(writer, frame.screen, frame.arrival))
        return self.all[-1]


def free_name(folder: Path, name: str, *suffixes: str) -> str:
    """`name`, or `name-2` and so on: a call may record more than once into its folder."""
    number, candidate = 1, name
    while any((folder / f"{candidate}{suffix}").exists() for suffix in suffixes):
        number += 1
        candidate = f"{name}-{number}"
    return candidate
