"""Closes recordings that a crash left open.

Such a file ends in the middle: without the mark that ends an Ogg stream, without Matroska's
duration and index, perhaps with half a page or cluster. What is whole is copied beside it, and
takes its place only when everything that could be read is in the copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import struct
from pathlib import Path
from typing import Any

import av
import av.container

from voip.media import file_lock, ogg_pages, opus
from voip.media.condition import is_closed
from voip.media.events import MediaDirection, Recording, RecordingEnd
from voip.media.sound_errors import NotRepairable

_FORMATS = {".webm": ("webm", "video/webm"), ".mkv": ("matroska", "video/x-matroska")}
_AS: dict[str, Any] = {"format": "matroska", "metadata_errors": "replace"}
"""How such files are opened: as nothing else, and whatever damage has made of their tags."""
# No EIO: FFmpeg says that of damage in a file, too.
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


async def repair(path: Path) -> Recording:
    """Close the recording at `path`, in a thread; a file that is whole stays as it is.

    Raises NotRepairable where there is nothing in it that plays (the file is left alone) and, as
    StillWritten, where somebody writes it; OSError where it cannot be read or the copy cannot be
    written, ValueError for a file that is not named like a recording.
    """
    return await asyncio.to_thread(repair_now, path)


async def repair_folder(folder: Path) -> list[Recording]:
    """Close every recording that a crashed process left in `folder`, oldest first.

    Files that hold nothing are left out and left alone. A kill in the moment in which a call's
    sound moves into its video file leaves both: then both are given.
    """
    recordings = []
    for path in await asyncio.to_thread(recordings_in, folder):
        with contextlib.suppress(NotRepairable):
            recordings.append(await repair(path))
    return recordings


def recordings_in(folder: Path) -> list[Path]:
    """Blocking: the recordings in a folder, oldest first. Raises OSError."""
    files = [path for path in folder.iterdir() if path.suffix in {".ogg", *_FORMATS}]
    return sorted(files, key=lambda path: path.stat().st_mtime_ns)


def repair_now(path: Path) -> Recording:
    """The same for a caller who is in a thread already."""
    with file_lock.alone_with(path):
        return _repair(path)


def _repair(path: Path) -> Recording:
    beside = path.with_name(path.name + ".repair")
    try:
        if path.suffix == ".ogg":
            return _repair_ogg(path, beside)
        if path.suffix in _FORMATS:
            return _repair_video(path, beside)
    except av.FFmpegError as error:
        if error.errno in _DISK_ERRORS:
            raise OSError(error.errno, error.strerror) from error
        raise NotRepairable(f"{path.name} holds nothing that plays: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    raise ValueError(f"{path.name} is not a recording: .ogg, .webm or .mkv")


def _repair_ogg(path: Path, beside: Path) -> Recording:
    data = path.read_bytes()
    pages = [page for page in ogg_pages.read(data) if page.granule >= 0]
    pages = [page for page in pages if page.serial == pages[0].serial]
    # RFC 7845 §3: two pages of headers, then sound.
    if len(pages) < 3 or not pages[0].body.startswith(b"OpusHead"):
        raise NotRepairable(f"{path.name} holds no sound")
    if not (pages[-1].flags & ogg_pages.LAST and pages[-1].end == len(data)):
        with beside.open("wb") as file:
            for number, page in enumerate(pages):
                file.write(_renumbered(page, number, last=page is pages[-1]))
        _replace(beside, path)
    (pre_skip,) = struct.unpack_from("<H", pages[0].body, 10)
    seconds = (pages[-1].granule - pre_skip) / opus.SAMPLE_RATE
    return Recording(
        path,
        "audio/ogg",
        seconds,
        path.stat().st_size,
        RecordingEnd.REPAIRED,
        direction=direction_of(path),
    )


def direction_of(path: Path) -> MediaDirection:
    """Whose sound a file of that name holds."""
    return MediaDirection.SENT if path.name.startswith("played") else MediaDirection.RECEIVED


def _renumbered(page: ogg_pages.Page, number: int, *, last: bool) -> bytes:
    """The page again; players take a jump in the numbers for a loss (RFC 3533 §6)."""
    flags = page.flags | ogg_pages.LAST if last else page.flags & ~ogg_pages.LAST
    return ogg_pages.assemble(
        flags, page.granule, page.serial, number, lacing=page.lacing, body=page.body
    )


def _repair_video(path: Path, beside: Path) -> Recording:
    name, mime_type = _FORMATS[path.suffix]
    with av.open(str(path), "r", **_AS) as source:
        streams = _streams(source)
        if not streams:
            raise NotRepairable(f"{path.name} holds no sound and no picture")
        picture = streams[0] if streams[0].type == "video" else None
        width, height = (picture.width, picture.height) if picture else (None, None)
        if not is_closed(path):
            copied = _copy(source, beside, name)
            if not copied:
                raise NotRepairable(f"{path.name} holds no sound and no picture")
            if _count(beside) < copied:
                raise NotRepairable(f"the copy of {path.name} lacks something that was readable")
            _replace(beside, path)
    with av.open(str(path), "r", **_AS) as whole:
        seconds = (whole.duration or 0) / av.time_base
    size = path.stat().st_size
    return Recording(path, mime_type, seconds, size, RecordingEnd.REPAIRED, width, height)


def _streams(source: av.container.InputContainer) -> list[Any]:
    """Those of a codec that FFmpeg knows, the picture first: damage can hide the others' names."""
    found = (*source.streams.video, *source.streams.audio)
    return [stream for stream in found if stream.codec_context]


def _copy(source: av.container.InputContainer, target: Path, name: str) -> int:
    """Copy all packets that can be read; gives how many."""
    copied = 0
    with av.open(str(target), "w", format=name) as output:
        streams: dict[int, Any] = {
            stream.index: output.add_stream_from_template(stream) for stream in _streams(source)
        }
        for packet in _readable(source):
            packet.stream = streams[packet.stream_index]
            output.mux_one(packet)
            copied += 1
    return copied


def _readable(source: av.container.InputContainer) -> Any:
    """The packets up to the end, or up to where the file is cut off."""
    try:
        for packet in source.demux(_streams(source)):
            if packet.size and packet.pts is not None:
                yield packet
    except av.FFmpegError:
        return


def _count(path: Path) -> int:
    with av.open(str(path), "r", **_AS) as container:
        return sum(1 for _ in _readable(container))


def _replace(beside: Path, path: Path) -> None:
    """Put the copy in the file's place, once it is on the disk for good."""
    descriptor = os.open(beside, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
