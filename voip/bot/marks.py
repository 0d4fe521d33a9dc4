"""When things happened in a call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


def now() -> float:
    """The loop's clock: the monotonic one, or the virtual one of a test."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Marks:
    """When things happened, in seconds of the loop's clock; None where they did not."""

    began: float = field(default_factory=now)
    answered: float | None = None
    established: float | None = None
    first_audio: float | None = None
    ended: float | None = None

    def talked(self) -> float | None:
        """Seconds from established to ended."""
        if self.established is None or self.ended is None:
            return None
        return round(self.ended - self.established, 3)
