"""What is to be done with an entry, on a clock of our own."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from voip.delivery.steps import (
    DAY,
    LONGEST_ASKED,
    LONGEST_WAIT,
    MAX_AGE,
    TRANSACTION_LIFETIME,
    Step,
    must_look_first,
    next_step,
    next_try,
)
from voip.store.outbox_records import Entry, Kind, State

NOW = 1_800_000_000.0
ENTRY = Entry(
    seq=1,
    id="80ff",
    kind=Kind.POST,
    key="post:a/audio.ogg",
    lane="room:!a:b",
    payload={},
    state=State.WAITING,
    began=NOW,
    since=NOW,
    not_before=NOW,
)


def test_every_kind_has_an_age() -> None:
    assert set(MAX_AGE) == set(Kind)


def test_it_waits_until_it_is_due() -> None:
    entry = replace(ENTRY, not_before=NOW + 5)
    assert next_step(entry, NOW) is Step.WAIT
    assert next_step(entry, NOW + 5) is Step.DELIVER


def test_it_is_given_up_by_age_only_after_a_try() -> None:
    late = NOW + MAX_AGE[Kind.POST] + 1
    assert next_step(ENTRY, late) is Step.DELIVER  # the machine was off all the while
    assert next_step(replace(ENTRY, attempts=1), late) is Step.GIVE_UP
    assert next_step(replace(ENTRY, attempts=1, since=late), late) is Step.DELIVER


@pytest.mark.parametrize(
    ("sent", "device", "after", "look"),
    [
        (None, None, 0.0, False),  # it has never left
        (NOW, "OURS", 60.0, False),  # the homeserver knows the transaction
        (NOW, "OURS", TRANSACTION_LIFETIME, True),
        (NOW, "OURS", 3 * DAY, True),
        (NOW, "OTHER", 1.0, True),  # another login: its transactions are not ours
        (NOW, None, 1.0, True),  # of a store that was lost
        (NOW, "OURS", -60.0, True),  # the clock was set back
    ],
)
def test_when_the_room_is_searched_first(
    sent: float | None, device: str | None, after: float, look: bool
) -> None:
    entry = replace(ENTRY, sent=sent, progress={"device": device} if device else {})
    assert must_look_first(entry, NOW + after, "OURS") is look


def test_an_outage_of_an_hour_costs_few_tries_and_ends_within_minutes() -> None:
    entry, now, tries = ENTRY, NOW, 0
    while now < NOW + 3600:
        now = next_try(entry, now)
        entry = replace(entry, attempts=entry.attempts + 1)
        tries += 1
    assert tries < 30
    assert now - (NOW + 3600) <= LONGEST_WAIT
    assert next_step(entry, now) is Step.DELIVER


def test_waits_grow_and_many_come_back_apart() -> None:
    waits = [next_try(replace(ENTRY, attempts=n), NOW) - NOW for n in range(12)]
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert waits[-1] <= LONGEST_WAIT
    at = {next_try(replace(ENTRY, id=f"{n:02x}", attempts=9), NOW) for n in range(256)}
    assert len(at) == 256


def test_a_pause_that_is_asked_for_is_believed_within_bounds() -> None:
    assert next_try(ENTRY, NOW, 17.0) == NOW + 17
    assert next_try(ENTRY, NOW, 1e9) == NOW + LONGEST_ASKED
    assert next_try(ENTRY, NOW, -5) == NOW
