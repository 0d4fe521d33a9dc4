"""What a limit is, and what came of asking it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PATTERN = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,5})?([smhd])")


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many in so many seconds."""

    count: int
    seconds: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds < 1:
            raise ValueError("an allowance is at least one in at least one second")

    def __str__(self) -> str:
        unit = max((u for u in SECONDS if self.seconds % SECONDS[u] == 0), key=SECONDS.__getitem__)
        number = self.seconds // SECONDS[unit]
        return f"{self.count}/{number if number > 1 else ''}{unit}"

    @classmethod
    def parse(cls, text: str) -> Allowance:
        """Read `30/m` or `500/12h`: a count, and the time it is for.

        :raises ValueError: it is nothing of that kind; the text says what would be.
        """
        match = PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError("must be a count and a time, such as 30/m, 20/10s or 500/d")
        count, number, unit = match.groups()
        return cls(int(count), int(number or 1) * SECONDS[unit])


class Limit(StrEnum):
    """Which of the two was reached."""

    RATE = "rate"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Reached:
    """No more for now."""

    limit: Limit
    retry_after: float
    """Seconds until asking again can succeed."""


class LimitsUnavailable(Exception):
    """The limits cannot be asked now, and the settings say to give nothing out then."""


@runtime_checkable
class CountsHere(Protocol):
    """A limiter whose counts are in this process: nothing is waited for."""

    def take_now(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        """As `Limiter.take`; never raises."""


class Limiter(Protocol):
    """Counts what each asker takes."""

    async def take(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        """Take one, or say which limit was reached; then nothing was taken from the other.

        `rate` smooths bursts and `quota` bounds a longer time. Raises LimitsUnavailable.
        """
