"""One deadline for each call, the earliest at hand."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signalling.kit import ROOM
from voip.signalling.ids import CallKey
from voip.signalling.timers import Timers

ONE, TWO = CallKey(ROOM, "one"), CallKey(ROOM, "two")


def test_the_earliest_is_next_and_due_at_its_time() -> None:
    timers = Timers()
    timers.set(ONE, 5.0)
    timers.set(TWO, 3.0)
    assert timers.next() == 3
    assert timers.pop_due(2.9) is None
    assert timers.pop_due(3.0) == TWO
    assert timers.pop_due(3.0) is None
    assert timers.next() == 5


def test_a_new_deadline_replaces_the_old_one() -> None:
    timers = Timers()
    timers.set(ONE, 5.0)
    timers.set(ONE, 9.0)
    assert timers.pop_due(8.0) is None
    timers.set(ONE, 1.0)
    assert timers.pop_due(8.0) == ONE
    assert timers.next() is None


def test_a_deadline_that_comes_back_fires_once() -> None:
    timers = Timers()
    for deadline in (5.0, 7.0, 5.0):
        timers.set(ONE, deadline)
    assert [timers.pop_due(9.0) for _ in range(2)] == [ONE, None]


def test_taking_a_deadline_away() -> None:
    timers = Timers()
    timers.set(ONE, 5.0)
    timers.set(ONE, None)
    timers.set(TWO, None)
    assert timers.next() is None
    assert timers.pop_due(9.0) is None


def test_outdated_entries_do_not_pile_up() -> None:
    timers = Timers()
    for step in range(10_000):
        timers.set(ONE, float(step))
    assert len(timers._heap) <= 2 + 64


_KEYS = [CallKey(ROOM, name) for name in "abc"]
_DEADLINES = st.none() | st.sampled_from([1.0, 2.0, 3.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_KEYS), _DEADLINES), max_size=40))
def test_it_agrees_with_a_plain_table(steps: list[tuple[CallKey, float | None]]) -> None:
    timers, table = Timers(), dict[CallKey, float]()
    for key, deadline in steps:
        timers.set(key, deadline)
        if deadline is None:
            table.pop(key, None)
        else:
            table[key] = deadline
        assert timers.next() == min(table.values(), default=None)
    due = [timers.pop_due(2.0) for _ in range(len(table) + 1)]
    assert {key for key in due if key} == {key for key, at in table.items() if at <= 2}
