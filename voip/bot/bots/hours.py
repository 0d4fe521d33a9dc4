"""Times of the day and of the week, as a bot's file says them. Pure: the moment comes in."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from voip.bot.bots.file import Strict

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _time(value: Any) -> Any:
    """TOML has local times of its own (09:00:00); people write "9:00". A bare number would be
    seconds after midnight."""
    if isinstance(value, time):
        return value
    match = re.fullmatch(r"(\d{1,2}):(\d\d)", value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError('must be a time of the day: "09:00"')
    return time(int(match[1]), int(match[2]))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be a time zone: "Europe/Berlin", "UTC"') from None
    return name


Time = Annotated[time, BeforeValidator(_time)]
Zone = Annotated[str, AfterValidator(_zone)]


class Hours(Strict):
    """A span of each of some days; one that ends before it begins goes on past midnight, and is
    of the day on which it began. The same time twice: all day."""

    days: tuple[Day, ...] = DAYS
    begin: Time = Field(default=time(0), alias="from")
    end: Time = Field(default=time(0), alias="to")

    def has(self, moment: datetime) -> bool:
        """`moment`: in the time zone of the hours."""
        now, today = moment.time(), DAYS[moment.weekday()]
        if self.begin < self.end:
            return today in self.days and self.begin <= now < self.end
        yesterday = DAYS[moment.weekday() - 1]
        if now >= self.begin:
            return today in self.days
        return now < self.end and yesterday in self.days
