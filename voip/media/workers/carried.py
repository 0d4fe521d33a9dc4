"""A call that a worker carries, as far as the pool has to know it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from voip.media.events import Recording
from voip.media.workers.process import WorkerProcess


@dataclass(eq=False, slots=True)
class Carried:
    worker: WorkerProcess | None = None
    """None as long as it waits for one."""
    begun: bool = False
    """It has its first description."""
    closing: asyncio.Task[None] | None = None
    recording: Path | None = None
    """The folder of the recording that is open."""
    grown: Recording | None = None
    """As that stood when it was last told: which file begins where."""
    recorded: set[Path] = field(default_factory=set)
    """The files of those that have ended."""

    def ended(self, recording: Recording) -> None:
        self.recording = self.grown = None
        self.recorded |= {recording.path, *(part.path for part in recording.parts)}
