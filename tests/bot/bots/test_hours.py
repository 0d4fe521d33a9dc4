"""Opening hours, over midnight too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from voip.bot.bots.hours import Hours

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "span", "day", "clock", "inside"),
    [
        (WEEKDAYS, "9:00-17:00", 0, "08:59", False),
        (WEEKDAYS, "9:00-17:00", 0, "09:00", True),
        (WEEKDAYS, "9:00-17:00", 0, "16:59", True),
        (WEEKDAYS, "9:00-17:00", 0, "17:00", False),
        (WEEKDAYS, "9:00-17:00", 5, "12:00", False),
        (WEEKDAYS, "18:00-8:00", 4, "23:00", True),
        (WEEKDAYS, "18:00-8:00", 5, "07:59", True),
        (WEEKDAYS, "18:00-8:00", 5, "08:00", False),
        (WEEKDAYS, "18:00-8:00", 5, "18:00", False),
        (WEEKDAYS, "18:00-8:00", 0, "03:00", False),
        (("sun",), "18:00-8:00", 0, "03:00", True),
        (("sun",), "0:00-0:00", 6, "23:59", True),
        (("sun",), "0:00-0:00", 0, "00:00", False),
    ],
)
def test_hours(days: tuple[str, ...], span: str, day: int, clock: str, inside: bool) -> None:
    begin, end = span.split("-")
    hours = Hours.model_validate({"days": days, "from": begin, "to": end})
    hour, minute = map(int, clock.split(":"))
    assert hours.has(MONDAY + timedelta(days=day, hours=hour, minutes=minute)) is inside
