"""Hands each packet of one call to whoever listens: recorder, echo, silence watch."""

from __future__ import annotations

import logging

from voip.media.packets import AudioPacket, AudioSink, VideoFrame, VideoSink

log = logging.getLogger(__name__)


class Tap:
    """A fan-out on the event loop. It keeps nothing, so an unread call costs no memory.

    A sink that raises is taken off, and the others go on: one broken listener must not silence
    the call.
    """

    def __init__(self) -> None:
        # Tuples, replaced as a whole: a sink may add or remove sinks while it is called.
        self._audio: tuple[AudioSink, ...] = ()
        self._video: tuple[VideoSink, ...] = ()

    def add_audio(self, sink: AudioSink) -> None:
        self._audio = (*self._audio, sink)

    def add_video(self, sink: VideoSink) -> None:
        self._video = (*self._video, sink)

    def remove(self, sink: AudioSink | VideoSink) -> None:
        """Take a sink off both kinds; one that is not there is no error."""
        self._audio = tuple(one for one in self._audio if one is not sink)
        self._video = tuple(one for one in self._video if one is not sink)

    @property
    def has_video_sinks(self) -> bool:
        return bool(self._video)

    def audio(self, packet: AudioPacket) -> None:
        for sink in self._audio:
            try:
                sink.audio(packet)
            except Exception:
                log.exception("an audio sink failed and was taken off the call")
                self.remove(sink)

    def video(self, frame: VideoFrame) -> None:
        for sink in self._video:
            try:
                sink.video(frame)
            except Exception:
                log.exception("a video sink failed and was taken off the call")
                self.remove(sink)
