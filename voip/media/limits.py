"""How long and how large one file of a recording gets before the next one is begun."""

from __future__ import annotations

from typing import Final

from voip.signalling.record import Record

MOST_FILES: Final = 1000
"""Of one recording: pictures may be large, and their codec may change as often as a peer likes."""


class PartLimits(Record):
    """None: as long, or as large, as it gets."""

    seconds: float | None = None
    size: int | None = None
    """Bytes. A file ends up to a second later."""

    def reached(self, seconds: float, size: int) -> bool:
        return (self.seconds is not None and seconds >= self.seconds) or (
            self.size is not None and size >= self.size
        )


UNLIMITED: Final = PartLimits()
