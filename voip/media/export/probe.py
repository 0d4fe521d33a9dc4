"""What is in a recording: streams, codecs, length."""

from __future__ import annotations

from pathlib import Path

import av

from voip.media.export.opening import open_recording
from voip.signalling.record import Record


class StreamFacts(Record):
    kind: str
    """`audio` or `video`."""
    codec: str
    """FFmpeg's name: `opus`, `vp8`, `h264`."""
    rate: int | None = None
    """Hertz, of sound."""
    channels: int | None = None
    width: int | None = None
    height: int | None = None


class FileFacts(Record):
    seconds: float | None
    """As the container says; None where it was not closed and does not."""
    streams: tuple[StreamFacts, ...]


def probe(path: Path) -> FileFacts:
    """Blocking: some milliseconds. Raises UnreadableRecording."""
    with open_recording(path) as container:
        seconds = None if container.duration is None else container.duration / av.time_base
        audio = [
            StreamFacts("audio", s.codec_context.name, rate=s.rate, channels=s.channels)
            for s in container.streams.audio
        ]
        video = [
            StreamFacts("video", s.codec_context.name, width=s.width, height=s.height)
            for s in container.streams.video
        ]
    return FileFacts(seconds, (*audio, *video))
