"""The state machine alone, and the promise it is for: nothing that was signed is ever refused."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import (
    AT_ONCE,
    Change,
    Did,
    Pace,
    Phase,
    Rotation,
    Snapshot,
    Wait,
    advance,
    begin,
    by_fingerprint,
    fingerprint,
    hurry,
    secrets_of,
)

PACE = Pace(spread=60, lifetime=1000)
OLD, NEW = "the-old-secret", "the-new-secret"


def signing(snapshot: Snapshot) -> str:
    return secrets_of(snapshot, "here").signing


def after(snapshot: Snapshot, change: Change) -> Snapshot:
    """What a store makes of a change."""
    values = set(snapshot.values) - {change.remove}
    if change.add is not None:
        values.add(change.add)
    return Snapshot(by_fingerprint({value for value in values if value}), change.rotation)


def step(snapshot: Snapshot, now: int, did: Did) -> Snapshot:
    change = advance(snapshot, now)
    assert isinstance(change, Change)
    assert change.did is did
    return after(snapshot, change)


def test_the_whole_way() -> None:
    one = Snapshot((OLD,))
    two = after(one, begin(one, NEW, PACE))
    assert (signing(two), set(two.values)) == (OLD, {OLD, NEW})
    two = step(two, 100, Did.STAMPED)
    assert advance(two, 159) == Wait(160)
    three = step(two, 160, Did.PROMOTED)
    assert (signing(three), set(three.values)) == (NEW, {OLD, NEW})
    three = step(three, 200, Did.STAMPED)
    assert advance(three, 1259) == Wait(1260)
    four = step(three, 1260, Did.REMOVED)
    assert (signing(four), four.values) == (NEW, (NEW,))
    assert advance(four, 9999) is None


def test_the_first_secret_of_all_signs_at_once() -> None:
    empty = Snapshot(())
    with pytest.raises(SecretsUnavailable, match="here holds no shared secret yet"):
        signing(empty)
    first = after(empty, begin(empty, NEW, PACE))
    assert signing(first) == NEW
    assert advance(first, 0) is None


def test_a_wait_is_counted_from_when_the_step_was_seen_not_from_when_it_was_decided() -> None:
    one = Snapshot((OLD,))
    slow = after(one, begin(one, NEW, PACE))  # decided at 0, but its process was stopped until now
    assert slow.rotation is not None
    assert slow.rotation.due() is None
    slow = step(slow, 5000, Did.STAMPED)
    assert advance(slow, 5001) == Wait(5060)


def test_a_stamp_of_a_clock_that_was_fast_is_made_again() -> None:
    one = Snapshot((OLD,))
    begun = step(after(one, begin(one, NEW, PACE)), 9_000_000, Did.STAMPED)
    again = step(begun, 100, Did.STAMPED)
    assert advance(again, 100) == Wait(160)


def test_one_rotation_at_a_time() -> None:
    one = Snapshot((OLD,))
    two = after(one, begin(one, NEW, PACE))
    with pytest.raises(ValueError, match="under way"):
        begin(two, "third", PACE)
    with pytest.raises(ValueError, match="there already"):
        begin(one, OLD, PACE)


def test_the_new_secret_was_removed_by_hand_while_it_spread() -> None:
    one = Snapshot((OLD,))
    two = after(one, begin(one, NEW, PACE))
    left = step(replace(two, values=(OLD,)), 0, Did.ABANDONED)
    assert signing(left) == OLD


def test_the_new_secret_was_removed_by_hand_while_it_signed() -> None:
    one = Snapshot((OLD,))
    two = step(after(one, begin(one, NEW, AT_ONCE)), 0, Did.STAMPED)
    three = replace(step(two, 0, Did.PROMOTED), values=(OLD,))
    assert signing(three) == OLD
    assert signing(step(three, 0, Did.ABANDONED)) == OLD


def test_the_old_secret_was_removed_by_hand_while_it_signed() -> None:
    """What nobody may have seen yet signs only where nothing else is left."""
    one = Snapshot((OLD,))
    two = after(one, begin(one, NEW, PACE))
    assert signing(replace(two, values=by_fingerprint({NEW, "another"}))) == "another"
    assert signing(replace(two, values=(NEW,))) == NEW


def test_what_others_put_into_the_table_neither_signs_nor_goes() -> None:
    one = Snapshot((OLD,))
    two = step(after(one, begin(one, NEW, AT_ONCE)), 0, Did.STAMPED)
    two = replace(two, values=by_fingerprint({*two.values, "of another program"}))
    three = step(step(two, 0, Did.PROMOTED), 0, Did.STAMPED)
    four = step(three, 0, Did.REMOVED)
    assert signing(four) == NEW
    assert set(four.values) == {NEW, "of another program"}


def test_hurry_takes_the_waits_out() -> None:
    one = Snapshot((OLD,))
    assert hurry(one) is None
    two = step(after(one, begin(one, NEW, PACE)), 100, Did.STAMPED)
    change = hurry(two)
    assert change is not None
    fast = after(two, change)
    assert hurry(fast) is None
    step(fast, 100, Did.PROMOTED)


@pytest.mark.parametrize(("spread", "lifetime"), [(-1, 0), (0, -1)])
def test_waits_are_not_negative(spread: int, lifetime: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        Pace(spread, lifetime)


def test_phases_and_what_belongs_to_them() -> None:
    with pytest.raises(ValueError, match="fresh"):
        Rotation(Phase.STEADY, "a", fresh="b")
    with pytest.raises(ValueError, match="retiring"):
        Rotation(Phase.RETIRING, "a")


def test_nothing_prints_the_values() -> None:
    one = Snapshot((OLD,))
    change = begin(one, NEW, PACE)
    assert OLD not in f"{one!r} {change!r}"
    assert NEW not in f"{after(one, change)!r} {change!r}"
    assert fingerprint(OLD) in repr(change)


@dataclass
class World:
    """Issuers and relays whose views are late, rotators that stop anywhere, one clock."""

    now: int = PACE.spread  # so that every view is of a time that was
    place: Snapshot = field(default_factory=lambda: Snapshot((OLD,)))
    past: deque[tuple[int, Snapshot]] = field(default_factory=deque)
    signed: list[tuple[int, str]] = field(default_factory=list)
    decided: dict[int, tuple[Snapshot, Change]] = field(default_factory=dict)
    names: itertools.count[int] = field(default_factory=itertools.count)
    rotations: int = 0

    def __post_init__(self) -> None:
        self.past.append((0, self.place))

    def commit(self, before: Snapshot, change: Change) -> None:
        if before.rotation == self.place.rotation:  # else a conflict, and the rotator looks again
            self.place = after(self.place, change)
            self.past.append((self.now, self.place))
            self.rotations += change.did is Did.REMOVED

    def view(self, age: int) -> Snapshot:
        """What somebody knows who has read at most ``age`` seconds ago."""
        return next(seen for when, seen in reversed(self.past) if when <= self.now - age)

    def decide(self, rotator: int) -> None:
        """It looks and decides, and may be stopped for any time before it commits."""
        change = advance(self.place, self.now)
        if change is None:
            change = begin(self.place, f"secret-{next(self.names)}", PACE)
        if isinstance(change, Change):
            self.decided[rotator] = (self.place, change)

    def let_commit(self, rotator: int) -> None:
        if rotator in self.decided:
            self.commit(*self.decided.pop(rotator))

    def kill(self, rotator: int) -> None:
        self.decided.pop(rotator, None)

    def issue(self, age: int, lifetime: int) -> None:
        self.signed.append((self.now + lifetime, signing(self.view(age))))

    def check(self, relay_age: int) -> None:
        """Each credential that is not over is accepted by a relay whose view is that old."""
        self.signed = [(end, secret) for end, secret in self.signed if end >= self.now]
        assert {secret for _, secret in self.signed} <= set(self.view(relay_age).values)


AGES = st.integers(0, PACE.spread)
ACTIONS = st.one_of(
    st.tuples(st.just("tick"), st.sampled_from([1, 30, 59, 60, 61, 500, 1000, 1061, 5000])),
    st.tuples(st.sampled_from(["decide", "commit", "kill", "run"]), st.integers(0, 2)),
    st.tuples(st.just("issue"), AGES, st.integers(1, PACE.lifetime)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTIONS, max_size=120), AGES)
def test_whatever_is_interrupted_nothing_that_was_signed_is_refused(
    actions: list[tuple[str, int] | tuple[str, int, int]], relay_age: int
) -> None:
    world = World()
    for action in actions:
        match action:
            case ("tick", int(seconds)):
                # Issuers of every age sign in each second that matters: the last one of a view.
                for age in (0, PACE.spread):
                    world.issue(age, PACE.lifetime)
                world.now += seconds
            case ("decide", int(rotator)):
                world.decide(rotator)
            case ("commit", int(rotator)):
                world.let_commit(rotator)
            case ("kill", int(rotator)):
                world.kill(rotator)
            case ("run", int(rotator)):
                world.decide(rotator)
                world.let_commit(rotator)
            case ("issue", int(age), int(lifetime)):
                world.issue(age, lifetime)
        world.check(relay_age)
        assert signing(world.place) in world.place.values
        # An older credential is seen by a relay that knows the newest too, and the other way.
        world.check(0)


def test_the_world_of_the_property_does_rotate() -> None:
    """A property that never gets to a removal would prove nothing."""
    world = World()
    while world.rotations < 3:
        world.issue(PACE.spread, PACE.lifetime)
        world.decide(0)
        world.let_commit(0)
        world.now += 7
        world.check(PACE.spread)
    assert world.now > 3 * (PACE.lifetime + 2 * PACE.spread)


def rotate_once(pace: Pace) -> None:
    world = World()
    world.place = after(world.place, begin(world.place, NEW, pace))
    world.past.append((world.now, world.place))
    while world.rotations < 1:
        for age in (0, PACE.spread):
            world.issue(age, PACE.lifetime)
        world.decide(0)
        world.let_commit(0)
        for age in (0, PACE.spread):
            world.check(age)
        world.now += 1


@pytest.mark.parametrize("pace", [Pace(0, 1000), Pace(60, 0)])
def test_the_world_of_the_property_notices_waits_that_are_too_short(pace: Pace) -> None:
    """Both waits are needed: without either, somebody is refused."""
    rotate_once(PACE)
    with pytest.raises(AssertionError):
        rotate_once(pace)
