"""Opus beside VP8 into WebM, or beside H.264 into Matroska, as they arrive (no codec at work).

FFmpeg's muxer does the writing here: unlike Ogg's pages, Matroska's clusters, cues and lacing
are not a page of code, and video's few frames a second cost next to nothing to mux. Clusters of
half a second are what a kill can cost; the index and the duration are written on closing.

Sound and picture share one time line that begins with the first of them to arrive. What belongs
together their sender's reports say; before the first report their arrival does. The file begins
with a keyframe for the picture, for nothing can be decoded before one, while sound that was heard
earlier keeps its place.
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container

from voip.media import file_lock, ogg_pages, opus
from voip.media.files import LEFT_OPEN
from voip.media.ogg import opus_head
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.pauses import Pauses
from voip.media.placing import Placing
from voip.media.sender_clock import SenderClock
from voip.media.timeline import SteadyTimeline

VIDEO_RATE = 90_000
_MILLISECONDS = Fraction(1, 1000)
_OPTIONS = {
    # Half a second a cluster, and into the file as soon as it is full.
    "cluster_time_limit": "500",
    "flush_packets": "1",
    # A muted microphone must not hold the picture back in memory (microseconds).
    "max_interleave_delta": "500000",
}


class UnusableVideo(ValueError):
    """The frame that was to begin the picture is not what its sender says it is."""


class VideoWriter:
    """Writes one Opus and one video stream. Not for the event loop: it touches the disk.

    Every method raises OSError or `av.FFmpegError` when writing fails.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        keyframe: VideoFrame,
        epoch: float,
        clock: SenderClock | None = None,
    ) -> None:
        """Begin `<name>.webm` or `<name>.mkv` in `folder`.

        `keyframe` says the codec and the picture's size (it is not written: hand it to `video`
        as well); `epoch` is the monotonic second that is the file's beginning; `clock` is the one
        behind both streams. Raises UnusableVideo where the frame is of another codec or does not
        begin like a keyframe.
        """
        if keyframe.codec == "VP8":
            self.width, self.height = vp8_size(keyframe.data)
            self.path, self.mime_type = folder / f"{name}.webm", "video/webm"
        elif keyframe.codec == "H264":
            template = _h264_template(keyframe.data)
            picture = template.streams.video[0]
            self.width, self.height = picture.width, picture.height
            self.path, self.mime_type = folder / f"{name}.mkv", "video/x-matroska"
        else:
            raise UnusableVideo(f"{keyframe.codec} is not recorded, only VP8 and H264")
        self._lock = file_lock.create(self.path)
        try:
            self._container = av.open(
                str(self.path),
                "w",
                format="webm" if keyframe.codec == "VP8" else "matroska",
                container_options=_OPTIONS,
            )
        except BaseException:
            self._lock.close()
            raise
        if keyframe.codec == "VP8":
            self._video: Any = self._container.add_mux_stream(
                "vp8", width=self.width, height=self.height, time_base=_MILLISECONDS
            )
        else:
            self._video = self._container.add_stream_from_template(picture)
        self._audio = self._container.add_stream_from_template(_opus_template())
        self._write_header()
        self.codec = keyframe.codec
        self.epoch = epoch
        """The monotonic second that is its beginning."""
        clock = clock or SenderClock()
        sound = SteadyTimeline(opus.SAMPLE_RATE, epoch, clock, leads=True)
        self._sound = Placing(sound, self._write_audio)
        pictures = SteadyTimeline(VIDEO_RATE, epoch, clock, leads=False)
        self._frames: Pauses[VideoFrame] = Pauses(pictures, self._write_video)
        self._last = {self._audio.index: -1, self._video.index: -1}
        self._picture = False
        self.seconds = 0.0
        """The end of the last packet so far."""
        self.size = 0
        """Bytes that were taken so far."""

    def _write_header(self) -> None:
        """Now and not with the first packet, which is often one of sound: what FFmpeg does not take
        of the keyframe's parameter sets costs the picture, and not the recording."""
        try:
            self._container.start_encoding()
        except (av.InvalidDataError, av.ArgumentError) as error:
            self.abandon()
            self.path.unlink()
            raise UnusableVideo("this keyframe makes no file") from error

    def audio(self, packet: AudioPacket) -> None:
        self._sound.add(packet)

    def video(self, frame: VideoFrame) -> None:
        """Frames of another codec, and those before the first keyframe, are left out."""
        if frame.codec != self.codec or not (self._picture or frame.keyframe):
            return
        self._picture = True
        if frame.keyframe and frame.codec == "VP8":
            self._grow(frame)
        self._frames.put(frame, 0)

    def interrupt(self) -> None:
        """Something is left out from here on: the picture goes on with a keyframe."""
        self._picture = False

    def flush(self, now: float) -> None:
        """Give up packets that did not come in time; the muxer writes by itself."""
        self._sound.flush(now)
        self._frames.flush(now)

    def close(self, end: float | None = None) -> None:
        """Write what is left, the index and the duration. Where the streams ended before the
        monotonic second `end`, silence goes there, for a file is as long as its last packet says.
        """
        try:
            self._sound.close()
            self._frames.close()
            if end is not None and end - self.epoch - self.seconds > LEFT_OPEN:
                self._end_at(end - self.epoch)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file after a failure: the clusters that are on the disk stay."""
        try:
            self._container.close()
        finally:
            self._lock.close()

    def _write_video(self, frame: VideoFrame, _: int, place: int) -> None:
        second = place / VIDEO_RATE
        self._mux(self._video, frame.data, second, keyframe=frame.keyframe)
        self.seconds = max(self.seconds, second)

    def _write_audio(self, packet: AudioPacket, length: int, place: int) -> None:
        self._mux(self._audio, packet.payload, place / opus.SAMPLE_RATE, keyframe=True)
        self.seconds = max(self.seconds, (place + length) / opus.SAMPLE_RATE)

    def _end_at(self, seconds: float) -> None:
        last = seconds - opus.FRAME / opus.SAMPLE_RATE
        self._mux(self._audio, opus.SILENCE, last, keyframe=True)
        self.seconds = seconds

    def _mux(self, stream: Any, data: bytes, position: float, *, keyframe: bool) -> None:
        # Matroska counts milliseconds, and the muxer refuses a time stamp twice.
        pts = max(round(position * 1000), self._last[stream.index] + 1)
        self._last[stream.index] = pts
        packet = av.Packet(data)
        packet.stream = stream
        packet.time_base = _MILLISECONDS
        packet.pts = packet.dts = pts
        packet.is_keyframe = keyframe
        self.size += len(data)
        self._container.mux_one(packet)

    def _grow(self, frame: VideoFrame) -> None:
        """Browsers begin small and grow as the network allows: remember the largest."""
        try:
            width, height = vp8_size(frame.data)
        except UnusableVideo:
            return
        self.width, self.height = max(self.width, width), max(self.height, height)


def vp8_size(data: bytes) -> tuple[int, int]:
    """Width and height out of a VP8 keyframe (RFC 6386 §9.1)."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        raise UnusableVideo("this is not a VP8 keyframe")
    # The upper two bits of each are a scaling hint.
    width, height = (each & 0x3FFF for each in struct.unpack_from("<HH", data, 6))
    if not (width and height):
        # FFmpeg refuses to write a file with such a picture: the sound in it would be lost too.
        raise UnusableVideo("this VP8 keyframe is of no size")
    return width, height


def _opus_template() -> Any:
    """An Opus stream without an encoder: FFmpeg reads the parameters from a tiny Ogg file."""
    tags = struct.pack("<8sII", b"OpusTags", 0, 0)
    pages = (
        ogg_pages.build(ogg_pages.FIRST, 0, 1, 0, [opus_head(channels=2, pre_skip=0)]),
        ogg_pages.build(0, 0, 1, 1, [tags]),
        ogg_pages.build(ogg_pages.LAST, opus.FRAME, 1, 2, [opus.SILENCE]),
    )
    return av.open(io.BytesIO(b"".join(pages)), "r", format="ogg").streams.audio[0]


def _h264_template(keyframe: bytes) -> av.container.InputContainer:
    """Profile, size and parameter sets out of a keyframe in Annex B form (ITU-T H.264 §B.1)."""
    try:
        container = av.open(io.BytesIO(keyframe), "r", format="h264")
    except (av.FFmpegError, ValueError) as error:
        raise UnusableVideo("this is not an H.264 keyframe") from error
    if not container.streams.video or not container.streams.video[0].width:
        raise UnusableVideo("this H.264 keyframe carries no parameter sets")
    return container
