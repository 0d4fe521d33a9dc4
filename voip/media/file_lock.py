"""Whether a recording is still being written: whoever writes it holds a lock on its file.

The lock is flock(2)'s: it belongs to the open file, so it says something across processes, and the
kernel takes it back when the writer ends, however that happens. A file is locked before its first
byte is written, and nobody looks for the lock of an empty file: so the writer always gets it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from voip.media.sound_errors import StillWritten

_TRIES = 4
_PAUSE = 0.05
"""Seconds; whoever asks whether a file is locked holds it for a moment itself."""


def create(path: Path) -> BinaryIO:
    """A new file, locked until it is closed; unbuffered.

    Raises FileExistsError and what else the file system gives.
    """
    file = path.open("xb", buffering=0)
    # A file system without locks records all the same: repair is then the operator's risk.
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def is_written(path: Path) -> bool:
    """Whether somebody writes the recording now. Blocking. Raises OSError where it cannot be
    read or is no file."""
    with _opened(path) as handle:
        if not os.fstat(handle).st_size:
            return False
        return not _locked(handle, fcntl.LOCK_SH)


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Keep others from repairing the recording meanwhile. Blocks, a moment at most.

    Raises StillWritten where it is being written or repaired, OSError as `is_written`.
    """
    with _opened(path) as handle:
        if os.fstat(handle).st_size:
            for left in range(_TRIES, 0, -1):
                if _locked(handle, fcntl.LOCK_EX):
                    break
                if left == 1:
                    raise StillWritten(path.name)
                time.sleep(_PAUSE)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Links are not followed, and whoever waits at the other end of a pipe is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path.name} is no file")
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
