"""Hands each packet of one call to whoever listens: recorder, echo, silence watch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from voip.media.packets import (
    AudioPacket,
    AudioSink,
    ReportSink,
    SenderReport,
    VideoFrame,
    VideoSink,
)

log = logging.getLogger(__name__)

_MOST_REPORTS: Final = 31
"""Streams: one RTCP packet reports on no more (RFC 3550 §6.4.1)."""


class Tap:
    """A fan-out on the event loop. It keeps the last report of each stream and nothing else, so an
    unread call costs no memory.

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
        self._reports: tuple[ReportSink, ...] = ()
        self._last_reports: dict[int, SenderReport] = {}

    def add_audio(self, sink: AudioSink, *, patient: bool = False) -> None:
        """A `patient` sink does not mind if packets come to it some 20 ms late."""
        self._audio = (*self._audio, sink)
        if patient:
            self._patient = (*self._patient, sink)
        self._changed()

    def add_video(self, sink: VideoSink) -> None:
        self._video = (*self._video, sink)

    def add_reports(self, sink: ReportSink) -> None:
        """It gets the last report of each stream at once: the next may be seconds away."""
        self._reports = (*self._reports, sink)
        for report in self._last_reports.values():
            sink.report(report)

    def remove(self, sink: AudioSink | VideoSink | ReportSink) -> None:
        """Take a sink off all kinds; one that is not there is no error."""
        self._audio = tuple(one for one in self._audio if one is not sink)
        self._video = tuple(one for one in self._video if one is not sink)
        self._patient = tuple(one for one in self._patient if one is not sink)
        self._reports = tuple(one for one in self._reports if one is not sink)
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

    def report(self, report: SenderReport) -> None:
        self._last_reports.pop(report.ssrc, None)
        while len(self._last_reports) >= _MOST_REPORTS:
            del self._last_reports[next(iter(self._last_reports))]
        self._last_reports[report.ssrc] = report
        for sink in self._reports:
            try:
                sink.report(report)
            except Exception:
                log.exception("a listener to sender reports failed and was taken off the call")
                self.remove(sink)
