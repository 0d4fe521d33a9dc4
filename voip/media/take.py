"""One recording as its files see it: sound alone into Ogg, sound and camera into one file, each
screen into its own."""

from __future__ import annotations

import contextlib
import errno
import logging
from dataclasses import replace
from pathlib import Path

import av

from voip.media.events import MediaDirection, Recording, RecordingEnd
from voip.media.files import free_name, size_of
from voip.media.limits import MOST_FILES, UNLIMITED, PartLimits
from voip.media.marks import Marks
from voip.media.packets import AudioPacket, PlayedPacket, SenderReport, VideoFrame
from voip.media.parts import LEAD, Parts, begin_video, goes_on_elsewhere
from voip.media.sender_clock import SenderClock
from voip.media.sound_track import SoundTrack
from voip.media.webm import VideoWriter

log = logging.getLogger(__name__)

WRITE_ERRORS = (OSError, av.FFmpegError)
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Take:
    """Belongs to the writer's thread. Every method but `finish` raises one of WRITE_ERRORS.

    Sound goes into `audio.ogg` from its first packet on, so that it is safe while the picture is
    awaited: the codec and the size are known with the first keyframe only. If that comes within
    `PICTURE_WAIT` seconds, everything moves to `video.webm` or `video.mkv`, and the Ogg file is
    removed once the other one holds more than it did. A camera that comes on later, and every
    screen that is shared, has a file of its own beside that (`parts`). A file that is full goes on
    in another one, a picture at its next keyframe.
    """

    PICTURE_WAIT = 10.0
    _MOST_EARLY = 4000
    """Packets: as many of the shortest as that time holds (2.5 ms, RFC 6716 §2.1.4)."""
    _SAFE = 1.5
    """Seconds after which what was muxed has reached the file (a cluster is half a second)."""

    def __init__(
        self, folder: Path, marks: Marks | None = None, limits: PartLimits = UNLIMITED
    ) -> None:
        """`marks`: the spans in which it was given nothing."""
        self._folder = folder
        self._limits = limits
        self._marks = marks or Marks()
        self._clock = SenderClock()
        self._ogg: SoundTrack | None = None
        self._video: VideoWriter | None = None
        self._full: list[VideoWriter] = []
        """Those that went before it."""
        self._began: float | None = None
        """Arrival of the first packet or keyframe: the recording's time 0."""
        self._early: list[AudioPacket] = []
        """What is in the Ogg file, as long as it may have to move."""
        self._awaits_picture = True
        self._superseded: tuple[Path, float] | None = None
        """The Ogg file that a video file took the place of, and when."""
        self._parts = Parts(folder, self._clock, limits)
        self._played: SoundTrack | None = None
        """What we sent: a file beside the others, aligned by its offset."""

    def audio(self, packet: AudioPacket) -> None:
        if self._began is None:
            self._began = packet.arrival
        if self._parts.all:
            self._parts.audio(packet)
        if self._video:
            self._video.audio(packet)
            return
        if self._awaits_picture:
            self._keep_early(packet)
        (self._ogg or self._open_ogg()).add(packet)

    def video(self, frame: VideoFrame) -> None:
        if frame.screen or (self._video is None and self._is_late(frame)):
            self._parts.video(frame)
            return
        if self._video is None and frame.keyframe:
            self._begin_picture(frame)
        if self._video:
            if goes_on_elsewhere(self._video, frame, self._limits):
                self._go_on(self._video, frame)
            self._video.video(frame)

    def played(self, packet: PlayedPacket) -> None:
        if self._played is None:
            name = free_name(self._folder, "played", ".ogg")
            self._played = SoundTrack(self._folder / f"{name}.ogg", self._limits)
        self._played.add(packet)

    def report(self, report: SenderReport) -> None:
        self._clock.report(report)

    def interrupt(self) -> None:
        """Something is left out from here on: pictures go on with a keyframe."""
        self._parts.interrupt()
        if self._video:
            self._video.interrupt()

    def flush(self, now: float) -> None:
        """Several times a second: what was taken reaches the file."""
        self._parts.flush(now)
        if self._played:
            self._played.flush(now)
        if self._video:
            self._video.flush(now)
            self._remove_superseded(now)
        elif self._ogg:
            self._ogg.flush(now)
            if self._began is not None and now - self._began >= self.PICTURE_WAIT:
                self._awaits_picture = False
                self._early.clear()

    def describe(self, now: float) -> Recording:
        """As it stands."""
        return self._summary(RecordingEnd.NOT_YET, now)

    @property
    def files(self) -> tuple[Path | None, int]:
        """The first, and how many there are."""
        others = len(self._parts.all) + (self._played.files if self._played else 0)
        if self._video:
            first = self._full[0] if self._full else self._video
            return first.path, 1 + len(self._full) + others
        if self._ogg:
            return self._ogg.path, self._ogg.files + others
        return None, others

    def finish(self, why: RecordingEnd, now: float, error: Exception | None = None) -> Recording:
        """Close the file and say what is in it; `error` is what a write failed with before. The
        recording lasts until `now`, also where the sender has said nothing for a while.

        Never raises: what cannot be closed properly is left as it is, for `repair`.
        """
        try:
            if error is None:
                self._close(now)
        except Exception as failure:  # noqa: BLE001 - somebody waits to hear that it has ended
            error = failure
        if error is not None:
            # The kind alone: a message of the file system names the path.
            log.error("a recording cannot be written any further: %s", type(error).__name__)
            why = why_failed(error)
            self._abandon()
        return self._summary(why, now)

    def _close(self, now: float) -> None:
        self._parts.close()
        if self._played:
            self._played.close()
        if self._video:
            self._video.close(now)
            self._remove_superseded(float("inf"))
        else:
            self._open_ogg().close(now)

    def _abandon(self) -> None:
        for writer in (self._video, self._ogg, self._played, *self._parts.open_writers):
            if writer:
                with contextlib.suppress(*WRITE_ERRORS):  # it is the disk that failed before
                    writer.abandon()

    def _keep_early(self, packet: AudioPacket) -> None:
        if len(self._early) < self._MOST_EARLY:
            self._early.append(packet)
        else:
            self._awaits_picture = False
            self._early.clear()

    def _is_late(self, frame: VideoFrame) -> bool:
        if not self._awaits_picture or (self._ogg is not None and self._ogg.files > 1):
            return True
        return self._began is not None and frame.arrival - self._began >= self.PICTURE_WAIT

    def _begin_picture(self, keyframe: VideoFrame) -> None:
        began = keyframe.arrival if self._began is None else self._began
        self._video = begin_video(self._folder, "video", keyframe, began, self._clock)
        if self._video is None:
            return  # until a better one comes there is the sound
        self._began = began
        for packet in self._early:
            self._video.audio(packet)
        self._early.clear()
        if self._ogg:
            self._ogg.abandon()
            self._superseded = self._ogg.path, keyframe.arrival
            self._ogg = None

    def _go_on(self, last: VideoWriter, keyframe: VideoFrame) -> None:
        """In another file: this one is full, or the codec has changed."""
        if len(self._full) >= MOST_FILES:
            return
        epoch = keyframe.arrival - LEAD
        self._video = begin_video(self._folder, "video", keyframe, epoch, self._clock) or last
        if self._video is not last:
            self._full.append(last)
            last.close()

    def _remove_superseded(self, now: float) -> None:
        if self._superseded and now - self._superseded[1] >= self._SAFE:
            self._superseded[0].unlink(missing_ok=True)
            self._superseded = None

    def _open_ogg(self) -> SoundTrack:
        if self._ogg is None:
            name = free_name(self._folder, "audio", ".ogg")
            self._ogg = SoundTrack(self._folder / f"{name}.ogg", self._limits, self._clock)
        return self._ogg

    def _summary(self, why: RecordingEnd, now: float) -> Recording:
        """The first file, and all others as its parts."""
        whole, *more = self._main_files(why)
        pictures = [self._picture(writer, why) for writer in self._parts.all]
        sent = MediaDirection.SENT
        played = self._played.describe(why, self._began, sent) if self._played else []
        parts = sorted([*more, *pictures, *played], key=lambda part: part.offset)
        marks = () if self._began is None else self._marks.spans(self._began, now)
        return replace(whole, parts=tuple(parts), marks=marks)

    def _main_files(self, why: RecordingEnd) -> list[Recording]:
        if self._video:
            return [self._picture(writer, why) for writer in (*self._full, self._video)]
        if self._ogg:
            return self._ogg.describe(why, self._began, MediaDirection.RECEIVED)
        return [Recording(self._folder / "audio.ogg", "audio/ogg", 0.0, 0, why)]

    def _picture(self, v: VideoWriter, why: RecordingEnd) -> Recording:
        width, height = v.width or None, v.height or None
        offset = 0.0 if self._began is None else v.epoch - self._began
        size = size_of(v.path)
        return Recording(v.path, v.mime_type, v.seconds, size, why, width, height, offset)


def why_failed(error: Exception) -> RecordingEnd:
    """Whether the disk was full or writing failed otherwise."""
    full = getattr(error, "errno", None) in _FULL
    return RecordingEnd.DISK_FULL if full else RecordingEnd.WRITE_FAILED
