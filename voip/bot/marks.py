"""When things happened in a call."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Marks:
    """When things happened, in seconds of the monotonic clock; None where they did not."""

    began: float = field(default_factory=time.monotonic)
    answered: float | None = None
    established: float | None = None
    first_audio: float | None = None
    ended: float | None = None

    def talked(self) -> float | None:
        """Seconds from established to ended."""
        if self.established is None or self.ended is None:
            return None
        return round(self.ended - self.established, 3)
