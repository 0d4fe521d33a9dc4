"""The demo's data folder: one demo at a time may use it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voip.service.demo.errors import DemoError


@contextmanager
def data_folder(path: Path) -> Iterator[Path]:
    """The folder, made where it is missing, and ours while the context lasts.

    :raises DemoError: it cannot be used, or another demo uses it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (path / "lock").open("w")
    except OSError as error:
        raise DemoError(
            f"The data folder {path} cannot be used ({error.strerror}). "
            "Choose another one with --data-dir."
        ) from error
    with lock:  # closing it, and any end of the process, gives the lock up
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"Another demo uses the data folder {path}. "
                "Stop it, or choose another folder with --data-dir."
            ) from None
        yield path.resolve()
