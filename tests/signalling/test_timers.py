"""One deadline for each call, the earliest at hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voip.signalling.timers import Armed, Timers


class Call:
    """Something with a deadline, and a name to tell it by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.armed: Armed | None = None

    def __repr__(self) -> str:
        return self.name


@pytest.fixture
def one() -> Call:
    return Call("one")


@pytest.fixture
def two() -> Call:
    return Call("two")


def test_the_earliest_is_next_and_due_at_its_time(one: Call, two: Call) -> None:
    timers = Timers[Call]()
    timers.set(one, 5.0)
    timers.set(two, 3.0)
    assert timers.next() == 3
    assert timers.pop_due(2.9) is None
    assert timers.pop_due(3.0) is two
    assert timers.pop_due(3.0) is None
    assert timers.next() == 5


def test_a_new_deadline_replaces_the_old_one(one: Call) -> None:
    timers = Timers[Call]()
    timers.set(one, 5.0)
    timers.set(one, 9.0)
    assert timers.pop_due(8.0) is None
    timers.set(one, 1.0)
    assert timers.pop_due(8.0) is one
    assert timers.next() is None


def test_a_deadline_that_comes_back_fires_once(one: Call) -> None:
    timers = Timers[Call]()
    for deadline in (5.0, 7.0, 5.0):
        timers.set(one, deadline)
    assert [timers.pop_due(9.0) for _ in range(2)] == [one, None]


def test_taking_a_deadline_away(one: Call, two: Call) -> None:
    timers = Timers[Call]()
    timers.set(one, 5.0)
    timers.set(one, None)
    timers.set(two, None)
    assert timers.next() is None
    assert timers.pop_due(9.0) is None


def test_outdated_entries_do_not_pile_up(one: Call) -> None:
    timers = Timers[Call]()
    for step in range(10_000):
        timers.set(one, float(step))
    assert len(timers._heap) <= 2 + 64


_DEADLINES = st.none() | st.sampled_from([1.0, 2.0, 3.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), _DEADLINES), max_size=40))
def test_it_agrees_with_a_plain_table(steps: list[tuple[int, float | None]]) -> None:
    calls = [Call(name) for name in "abc"]
    timers, table = Timers[Call](), dict[Call, float]()
    for which, deadline in steps:
        call = calls[which]
        timers.set(call, deadline)
        if deadline is None:
            table.pop(call, None)
        else:
            table[call] = deadline
        assert timers.next() == min(table.values(), default=None)
    due = [timers.pop_due(2.0) for _ in range(len(table) + 1)]
    assert {call for call in due if call} == {call for call, at in table.items() if at <= 2}
    assert all(call.armed is None for call in due if call)


def test_what_is_outdated_is_let_go(one: Call) -> None:
    """An ended call may not live on in the heap for ever."""
    timers = Timers[Call]()
    for _ in range(200):
        ended = Call("ended")
        timers.set(ended, 5.0)
        timers.set(ended, None)
    timers.set(one, 9.0)
    assert len(timers._heap) <= 2 + 64
    assert timers.next() == 9
