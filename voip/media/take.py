"""One recording as its files see it: sound alone into Ogg, sound and picture into one file."""

from __future__ import annotations

import contextlib
import errno
import logging
from pathlib import Path

import av

from voip.media.events import Recording, RecordingEnd
from voip.media.ogg import OggOpusWriter
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.webm import UnusableVideo, VideoWriter

log = logging.getLogger(__name__)

WRITE_ERRORS = (OSError, av.FFmpegError)
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Take:
    """Belongs to the writer's thread. Every method but `finish` raises one of WRITE_ERRORS.

    Sound goes into `audio.ogg` from its first packet on, so that it is safe while the picture is
    awaited: the codec and the size are known with the first keyframe only. If that comes within
    `PICTURE_WAIT` seconds, everything moves to `video.webm` or `video.mkv`, and the Ogg file is
    removed once the other one holds more than it did. A picture that begins later is not kept.
    """

    PICTURE_WAIT = 10.0
    _SAFE = 1.5
    """Seconds after which what was muxed has reached the file (a cluster is half a second)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ogg: OggOpusWriter | None = None
        self._video: VideoWriter | None = None
        self._began: float | None = None
        """Arrival of the first packet or keyframe: the recording's time 0."""
        self._early: list[AudioPacket] = []
        """What is in the Ogg file, as long as it may have to move."""
        self._superseded: tuple[Path, float] | None = None
        """The Ogg file that a video file took the place of, and when."""

    def audio(self, packet: AudioPacket) -> None:
        if self._began is None:
            self._began = packet.arrival
        if self._video:
            self._video.audio(packet)
            return
        if packet.arrival - self._began < self.PICTURE_WAIT:
            self._early.append(packet)
        self._open_ogg().add(packet)

    def video(self, frame: VideoFrame) -> None:
        if self._video is None and frame.keyframe:
            self._begin_picture(frame)
        if self._video:
            self._video.video(frame)

    def flush(self, now: float) -> None:
        """Several times a second: what was taken reaches the file."""
        if self._video:
            self._video.flush(now)
            self._remove_superseded(now)
        elif self._ogg:
            self._ogg.flush(now)
            if self._began is not None and now - self._began >= self.PICTURE_WAIT:
                self._early.clear()

    def finish(self, why: RecordingEnd, error: Exception | None = None) -> Recording:
        """Close the file and say what is in it; `error` is what a write failed with before.

        Never raises: what cannot be closed properly is left as it is, for `repair`.
        """
        try:
            if error is None:
                self._close()
        except Exception as failure:  # noqa: BLE001 - somebody waits to hear that it has ended
            error = failure
        if error is not None:
            # The kind alone: a message of the file system names the path.
            log.error("a recording cannot be written any further: %s", type(error).__name__)
            why = why_failed(error)
            self._abandon()
        return self._summary(why)

    def _close(self) -> None:
        if self._video:
            self._video.close()
            self._remove_superseded(float("inf"))
        else:
            self._open_ogg().close()

    def _abandon(self) -> None:
        for writer in (self._video, self._ogg):
            if writer:
                with contextlib.suppress(*WRITE_ERRORS):  # it is the disk that failed before
                    writer.abandon()

    def _begin_picture(self, keyframe: VideoFrame) -> None:
        began = keyframe.arrival if self._began is None else self._began
        if keyframe.arrival - began >= self.PICTURE_WAIT:
            return
        try:
            name = _free(self._folder, "video", ".webm", ".mkv")
            self._video = VideoWriter(self._folder, name, keyframe, began)
        except UnusableVideo:
            return  # a later keyframe may be better, and until then there is the sound
        self._began = began
        for packet in self._early:
            self._video.audio(packet)
        self._early.clear()
        if self._ogg:
            self._ogg.abandon()
            self._superseded = self._ogg.path, keyframe.arrival
            self._ogg = None

    def _remove_superseded(self, now: float) -> None:
        if self._superseded and now - self._superseded[1] >= self._SAFE:
            self._superseded[0].unlink(missing_ok=True)
            self._superseded = None

    def _open_ogg(self) -> OggOpusWriter:
        if self._ogg is None:
            name = _free(self._folder, "audio", ".ogg")
            self._ogg = OggOpusWriter(self._folder / f"{name}.ogg")
        return self._ogg

    def _summary(self, why: RecordingEnd) -> Recording:
        if self._video:
            v = self._video
            return Recording(
                v.path,
                v.mime_type,
                v.seconds,
                _size(v.path),
                why,
                v.width or None,
                v.height or None,
            )
        path = self._ogg.path if self._ogg else self._folder / "audio.ogg"
        seconds = self._ogg.seconds if self._ogg else 0.0
        return Recording(path, "audio/ogg", seconds, _size(path), why)


def why_failed(error: Exception) -> RecordingEnd:
    """Whether the disk was full or writing failed otherwise."""
    full = getattr(error, "errno", None) in _FULL
    return RecordingEnd.DISK_FULL if full else RecordingEnd.WRITE_FAILED


def _free(folder: Path, name: str, *suffixes: str) -> str:
    """`name`, or `name-2` and so on: a call may record more than once into its folder."""
    number, candidate = 1, name
    while any((folder / f"{candidate}{suffix}").exists() for suffix in suffixes):
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
