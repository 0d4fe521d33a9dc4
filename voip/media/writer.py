"""The one thread of a process that writes recordings."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

log = logging.getLogger(__name__)


class Job(Protocol):
    """Something that wants to be worked on several times a second."""

    def work(self) -> bool:
        """Do what has gathered; True when nothing will follow. Must not raise."""
        ...


class WriterThread:
    """Works on its jobs, all in one go, every `INTERVAL`.

    A wake-up costs more than the work on a packet, so a packet wakes nobody: it waits in its
    recorder until the next round, which serves every call of the process. The thread ends with
    its last job and is begun again by the next.
    """

    NAME = "recordings"
    INTERVAL = 0.25
    """Seconds; with what reordering holds back, well below the second a crash may cost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._jobs: list[Job] = []
        self._running = False

    def add(self, job: Job) -> None:
        with self._lock:
            self._jobs.append(job)
            if not self._running:
                self._running = True
                # A daemon: a process that exits in the middle of a recording must not hang.
                threading.Thread(target=self._run, name=self.NAME, daemon=True).start()

    def wake(self) -> None:
        """Begin the next round now: somebody waits for a file to be closed."""
        self._wake.set()

    def _run(self) -> None:
        while jobs := self._current():
            for job in jobs:
                if job.work():
                    with self._lock:
                        self._jobs.remove(job)
            self._wake.wait(self.INTERVAL)
            self._wake.clear()

    def _current(self) -> list[Job]:
        with self._lock:
            self._running = bool(self._jobs)
            return list(self._jobs)


writer = WriterThread()
"""Shared by every recorder of the process."""
