"""What is to be done with an entry of the outbox: pure, given the entry and the time.

Into a room. A homeserver knows a repeated request by its transaction id, for this device, for a
while ("Transaction identifiers"; Synapse keeps them half an hour in memory, and a day in its
database). After that a repeat would be a second event. So what may have been sent longer ago, or by
another device, is looked for in the room first.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from voip.store.outbox_records import Entry, Kind

TRANSACTION_LIFETIME: Final = 20 * 60.0
"""Seconds for which we trust a homeserver to know a transaction id."""
FIRST_WAIT: Final = 2.0
LONGEST_WAIT: Final = 300.0
"""Seconds between two tries. A homeserver that was away for hours is tried again within these."""
LONGEST_ASKED: Final = 3600.0
"""Seconds: a receiver that asks for a longer pause is asked again after this one."""
DAY: Final = 24 * 3600.0
MAX_AGE: Final[Mapping[Kind, float]] = {
    Kind.POST: 14 * DAY,
    Kind.NOTICE: 0.5 * DAY,  # of a call that is long over it would only confuse
    Kind.REDACTION: 30 * DAY,
    Kind.COPY: 14 * DAY,
    Kind.ERASURE: 30 * DAY,
    Kind.WEBHOOK: 3 * DAY,
}
"""Seconds after which an entry is given up."""


class Step(Enum):
    WAIT = auto()
    DELIVER = auto()
    GIVE_UP = auto()


def next_step(entry: Entry, now: float) -> Step:
    """Of an entry that waits."""
    if now - entry.since > MAX_AGE[entry.kind]:
        # It has been tried for so long; one that an hour's sleep of the machine made old has not.
        return Step.GIVE_UP if entry.attempts else Step.DELIVER
    return Step.DELIVER if now >= entry.not_before else Step.WAIT


def must_look_first(entry: Entry, now: float, device: str) -> bool:
    """Whether it may be in its room though the homeserver would take a repeat for something new."""
    if entry.sent is None:
        return False
    by_us = entry.progress.get("device") == device
    # A clock that was set back says nothing about how old it is.
    return not (by_us and 0 <= now - entry.sent < TRANSACTION_LIFETIME)


def next_try(entry: Entry, now: float, retry_after: float | None = None) -> float:
    """When to try again after one more failure."""
    if retry_after is not None:
        return now + min(max(retry_after, 0.0), LONGEST_ASKED)
    wait = min(FIRST_WAIT * 2.0 ** min(entry.attempts, 20), LONGEST_WAIT)
    # Up to a quarter less, by the entry's own id: many that failed together come back apart.
    return now + wait * (1 - (int(entry.id[:2], 16) / 255) / 4)
