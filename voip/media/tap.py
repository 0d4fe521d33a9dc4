"""Hands each packet of one call to whoever listens: recorder, echo, silence watch."""

from __future__ import annotations

import logging
from collections.abc import Callable

from voip.media.packets import AudioPacket, AudioSink, VideoFrame, VideoSink

log = logging.getLogger(__name__)


class Tap:
    """A fan-out on the event loop. It keeps nothing, so an unread call costs no memory.

    A sink that raises is taken off, and the others go on: one broken listener must not silence
    the call.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called when `live` may have changed."""
        # Tuples, replaced as a whole: a sink may add or remove sinks while it is called.
        self._audio: tuple[AudioSink, ...] = ()
        self._video: tuple[VideoSink, ...] = ()
        self._patient: tuple[AudioSink, ...] = ()
        self._changed = changed

    def add_audio(self, sink: AudioSink, *, patient: bool = False) -> None:
        """A `patient` sink does not mind if packets come to it some 20 ms late."""
        self._audio = (*self._audio, sink)
        if patient:
            self._patient = (*self._patient, sink)
        self._changed()

    def add_video(self, sink: VideoSink) -> None:
        self._video = (*self._video, sink)

    def remove(self, sink: AudioSink | VideoSink) -> None:
        """Take a sink off both kinds; one that is not there is no error."""
        self._audio = tuple(one for one in self._audio if one is not sink)
        self._video = tuple(one for one in self._video if one is not sink)
        self._patient = tuple(one for one in self._patient if one is not sink)
        self._changed()

    @property
    def live(self) -> bool:
        """Whether somebody hears what comes as it comes."""
        return len(self._audio) > len(self._patient)

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
