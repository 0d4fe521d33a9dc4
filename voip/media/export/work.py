"""Does an order: reads the sources, mixes, writes the target. Blocks for as long as it takes."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import av

from voip.media.condition import is_closed
from voip.media.export import drawing, sound
from voip.media.export.errors import NothingToExport, UnreadableRecording
from voip.media.export.mixing import Line, blocks, mixed
from voip.media.export.opening import open_recording
from voip.media.export.order import Exported, Format, Order, Side, Source
from voip.media.export.picture import Picture
from voip.media.export.reading import RATE, Samples, pieces

Progress: TypeAlias = Callable[[float], None]
"""Told how far it is, 0 to 1, at most once for each second of sound."""


def work(order: Order, progress: Progress) -> Exported:
    """Raises ExportError; what it has written then is for the caller to remove."""
    heard = [source for source in order.sources if source.heard]
    shown = [source for source in order.sources if source.shown and order.format.has_picture]
    if order.format.has_picture and not shown:
        raise NothingToExport(f"there is no picture in this call: {order.format.value} needs one")
    used = [*heard, *shown]
    if not used:
        raise NothingToExport("there is nothing to hear in this call")
    job = _Job(order, heard, min(source.offset for source in used), progress)
    if len(set(used)) == 1 and _is_it_already(used[0].path, order.format):
        encoded, seconds = False, job.copy(used[0])
    elif order.format is Format.PNG:
        encoded, seconds = True, job.draw()
    elif shown:
        encoded, seconds = job.show(shown)
    else:
        encoded, seconds = True, job.sound()
    _sync(order.target)
    return Exported(
        path=order.target,
        format=order.format,
        seconds=round(seconds, 3),
        size=order.target.stat().st_size,
        sources=tuple(dict.fromkeys(source.path.name for source in used)),
        encoded=encoded,
    )


class _Job:
    def __init__(
        self, order: Order, heard: Sequence[Source], begin: float, progress: Progress
    ) -> None:
        self._target, self._format = order.target, order.format
        self._heard, self._begin, self._progress = heard, begin, progress

    def copy(self, source: Source) -> float:
        """What is wanted is there already, and coding it anew would only make it worse."""
        open_recording(source.path).close()  # what is none says so
        try:
            shutil.copyfile(source.path, self._target)
        except OSError as error:
            raise sound.writing_failed(self._target, error) from error
        return _seconds(source.path) or 0.0

    def sound(self) -> float:
        codec = sound.CODECS[self._format]
        with sound.output(self._target, codec) as container:
            stream = sound.SoundStream(container, codec)
            for block in self._blocks(self._heard):
                stream.write(mixed(block))
            stream.end()
        if not stream.samples:
            raise NothingToExport("there is nothing to hear in it")
        return stream.samples / RATE

    def show(self, shown: Sequence[Source]) -> tuple[bool, float]:
        codec = sound.CODECS[self._format]
        files = [(source.path, source.offset - self._begin) for source in shown]
        picture = Picture(files, self._format)
        with contextlib.closing(picture), sound.output(self._target, codec) as container:
            picture.begin(container)
            if self._heard:
                stream = sound.SoundStream(container, codec)
                for block in self._blocks(self._heard):
                    stream.write(mixed(block))
                    # Side by side, so that the muxer has little to hold back.
                    picture.mux_until(container, stream.samples / RATE)
                stream.end()
            picture.mux_until(container, float("inf"))
        return picture.encoded, _seconds(self._target, self._format) or 0.0

    def draw(self) -> float:
        sides = [side for side in Side if any(source.side is side for source in self._heard)]
        levels = [drawing.Levels() for _ in sides]
        samples = 0
        for block in self._blocks(self._heard):
            for side, level in zip(sides, levels, strict=True):
                mine = [
                    one
                    for one, source in zip(block, self._heard, strict=True)
                    if source.side is side
                ]
                level.hear(mixed(mine))
            samples += len(block[0])
        if not samples:
            raise NothingToExport("there is nothing to hear in it")
        ours = [number for number, side in enumerate(sides) if side is Side.OURS]
        image = drawing.draw(levels, samples / RATE, ours=ours)
        try:
            drawing.write_png(image, self._target)
        except (av.FFmpegError, OSError) as error:
            raise sound.writing_failed(self._target, error) from error
        return samples / RATE

    def _blocks(self, sources: Sequence[Source]) -> Iterator[list[Samples]]:
        begins = [source.offset - self._begin for source in sources]
        ends = [
            begin + (_seconds(source.path) or 0.0)
            for begin, source in zip(begins, sources, strict=True)
        ]
        whole = max(*ends, 1.0)
        lines = [
            Line(pieces(source.path), round(begin * RATE))
            for begin, source in zip(begins, sources, strict=True)
        ]
        done = 0
        for block in blocks(lines):
            yield block
            done += len(block[0])
            self._progress(min(done / RATE / whole, 1.0))


def _is_it_already(path: Path, wanted: Format) -> bool:
    try:
        return path.suffix == f".{wanted.value}" and is_closed(path)
    except OSError as error:
        raise UnreadableRecording(f"{path.name} cannot be read: {error.strerror}") from error


def _seconds(path: Path, wanted: Format | None = None) -> float | None:
    """As the container says, without decoding; None where it was left open."""
    if wanted is None:
        with open_recording(path) as container:
            return _of(container.duration)
    try:
        with av.open(str(path), "r", format=sound.CODECS[wanted].container) as container:
            return _of(container.duration)
    except av.FFmpegError as error:
        raise UnreadableRecording(f"what was written cannot be read: {error.strerror}") from error


def _of(duration: int | None) -> float | None:
    return None if duration is None else duration / av.time_base


def _sync(path: Path) -> None:
    """On the disk before it gets its name. A disk that fills up may say so only here."""
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise sound.writing_failed(path, error) from error
