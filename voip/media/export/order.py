"""What is to be made of which files, and what came of it: plain data, which crosses processes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TypeVar

import msgspec

from voip.signalling.record import Record

T = TypeVar("T", bound=Record)


class Format(Enum):
    OGG = "ogg"
    """Opus."""
    MP3 = "mp3"
    WAV = "wav"
    """16 bits, 48 kHz."""
    M4A = "m4a"
    """AAC."""
    MP4 = "mp4"
    """H.264 and AAC."""
    WEBM = "webm"
    """VP8 and Opus."""
    PNG = "png"
    """A picture of the waveform."""

    @property
    def has_picture(self) -> bool:
        return self in {Format.MP4, Format.WEBM}


class Side(Enum):
    THEIRS = "theirs"
    OURS = "ours"
    """What was played to them."""


class Source(Record):
    """One recording of the call, and where it belongs."""

    path: Path
    offset: float = 0.0
    """Seconds; only the differences between sources count."""
    side: Side = Side.THEIRS
    heard: bool = True
    """False where its sound is in another source too."""
    shown: bool = False
    """Its picture is the one that a format with a picture has; several follow each other."""


class Order(Record):
    sources: tuple[Source, ...]
    target: Path
    format: Format


class Exported(Record):
    path: Path
    format: Format
    seconds: float
    size: int
    """Bytes."""
    sources: tuple[str, ...]
    """Names of the files that it was made of."""
    encoded: bool
    """False where a picture, or the whole file, was taken as it was recorded."""


class Report(Record):
    """One line from the process that works."""

    done: float | None = None
    """0 to 1."""
    exported: Exported | None = None
    error: str | None = None
    """The class of errors.py."""
    message: str = ""


def encoded(record: Order | Report) -> bytes:
    """One line of JSON, with its end."""
    return msgspec.json.encode(record, enc_hook=str) + b"\n"


def decoded(line: bytes, kind: type[T]) -> T:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=kind, dec_hook=lambda wanted, value: wanted(value))
