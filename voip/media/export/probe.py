"""What is in a recording: streams, codecs, length."""

from __future__ import annotations

from pathlib import Path

import av

from voip.media.export.opening import open_recording, picture_of, sound_of
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
        sound, picture = sound_of(container), picture_of(container)
        streams = []
        if sound is not None:
            name = sound.codec_context.name
            streams.append(StreamFacts("audio", name, rate=sound.rate, channels=sound.channels))
        if picture is not None:
            name, width, height = picture.codec_context.name, picture.width, picture.height
            streams.append(StreamFacts("video", name, width=width, height=height))
    return FileFacts(seconds, tuple(streams))
