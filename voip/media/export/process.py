"""Makes one file out of a call's recordings, in a process of its own: see `__main__.py`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from voip.media.export import errors
from voip.media.export.order import Exported, Format, Order, Report, Source, decoded, encoded

_ROOT = str(Path(__file__).parents[3])
_LONGEST_LINE = 1 << 20
_GRACE = 5.0
"""Seconds that the process has to end after it was asked to."""


async def export(
    sources: Sequence[Source],
    target: Path,
    wanted: Format,
    *,
    progress: Callable[[float], None] | None = None,
) -> Exported:
    """Mix the sources into `target`, which must not exist yet. For bots too: the loop stays free.

    `progress` is called on the loop, with 0 to 1. The target is there whole or not at all: it is
    written beside and renamed; also when this is cancelled, and when the process is killed.

    Raises ExportError, as errors.py has them.
    """
    target = await asyncio.to_thread(_checked, target)
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    order = Order(tuple(_absolute(each) for each in sources), beside, wanted)
    try:
        exported = await _run(order, progress or (lambda _: None))
        await asyncio.to_thread(_put, beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return msgspec.structs.replace(exported, path=target)


async def _run(order: Order, progress: Callable[[float], None]) -> Exported:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "voip.media.export"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
        env=os.environ | {"PYTHONPATH": _path()},
        start_new_session=True,  # Ctrl-C in a terminal is for us: then it is cancelled
    )
    try:
        return await _reports(process, order, progress)
    finally:
        await asyncio.shield(_end(process))


async def _reports(
    process: asyncio.subprocess.Process, order: Order, progress: Callable[[float], None]
) -> Exported:
    assert process.stdin is not None  # noqa: S101  # both are pipes
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(ConnectionError):  # it died: its silence says so below
        process.stdin.write(encoded(order))
        await process.stdin.drain()
        process.stdin.close()
    async for line in process.stdout:
        report = decoded(line, Report)
        if report.done is not None:
            progress(report.done)
        if report.error is not None:
            raise getattr(errors, report.error)(report.message)
        if report.exported is not None:
            return report.exported
    status = await process.wait()
    raise errors.ExportBroke(
        f"the process that reads the recordings ended (status {status}): is one of them damaged,"
        " or is there too little memory?"
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """It has ended when this returns: nothing is written after what was begun is removed."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _checked(target: Path) -> Path:
    if not _is_text(target):
        raise errors.WrongTarget("the name of the file to write is not UTF-8: name another one")
    target = target.absolute()
    try:
        if target.is_symlink() or target.exists():
            raise errors.WrongTarget(f"{target} exists: name another file, or remove it")
        if not target.parent.is_dir():
            raise errors.WrongTarget(f"there is no folder {target.parent}")
    except OSError as error:
        raise errors.WrongTarget(f"{target} cannot be written: {error.strerror}") from error
    return target


def _is_text(path: Path) -> bool:
    """Neither JSON nor FFmpeg takes a name that is not."""
    try:
        return "\0" not in str(path) and bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def _put(beside: Path, target: Path) -> None:
    """Under its name; what came there meanwhile is somebody else's."""
    try:
        target.hardlink_to(beside)
    except FileExistsError:
        raise errors.WrongTarget(f"{target} exists: name another file, or remove it") from None
    except OSError:
        try:
            beside.replace(target)  # a file system without such links
        except OSError as error:
            raise errors.TargetFailed(f"{target} cannot be written: {error.strerror}") from error


def _absolute(source: Source) -> Source:
    if not _is_text(source.path):
        raise errors.UnreadableRecording("a name on the way to the recordings is not UTF-8")
    return msgspec.structs.replace(source, path=source.path.absolute())


def _path() -> str:
    """Where this very package is: the working folder may be anywhere, and is not searched."""
    given = os.environ.get("PYTHONPATH")
    return f"{_ROOT}{os.pathsep}{given}" if given else _ROOT
