"""Opens a recording: never as anything but what its name says, and no link is followed.

FFmpeg would find out by itself what a file is, and some of its formats (playlists) are a list of
other files or addresses. What it may take for a recording is said here.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

import av
import av.container

from voip.media.export.errors import UnreadableRecording

_FORMATS: Final = {".ogg": "ogg", ".webm": "matroska", ".mkv": "matroska"}


def open_recording(path: Path) -> av.container.InputContainer:
    """To be closed by whoever asks. Raises UnreadableRecording."""
    container_format = _FORMATS.get(path.suffix)
    if container_format is None:
        raise UnreadableRecording(f"{path.name} is not a recording: .ogg, .webm or .mkv")
    try:
        _check(path)
        # Tags of a damaged file may be no text.
        return av.open(str(path), "r", format=container_format, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise UnreadableRecording(
            f"{path.name} holds nothing that plays: was it left open? voip recordings repair"
        ) from error
    except OSError as error:
        raise UnreadableRecording(f"{path.name} cannot be read: {error.strerror}") from error


def sound_of(container: av.container.InputContainer) -> av.AudioStream | None:
    """None where there is none, or none that FFmpeg knows the codec of."""
    return next((each for each in container.streams.audio if each.codec_context), None)


def picture_of(container: av.container.InputContainer) -> av.VideoStream | None:
    """The same for a picture."""
    return next((each for each in container.streams.video if each.codec_context), None)


def _check(path: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise UnreadableRecording(f"{path.name} is a link, which is not followed")
    if not stat.S_ISREG(mode):
        raise UnreadableRecording(f"{path.name} is no file")
    os.close(os.open(path, os.O_RDONLY | os.O_NOFOLLOW))
