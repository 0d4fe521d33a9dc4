"""After a late invite calls ring only when nothing more comes; nothing else is held up."""

from __future__ import annotations

import pytest

from voip.matrix.settling import HISTORY, LATE, WITHIN, Settling
from voip.signalling.events import Received

ROOM, OTHER = "!room:x", "!other:x"
NOTHING: frozenset[str] = frozenset()


def received(age: float, type_: str = "m.call.invite") -> Received:
    return Received(ROOM, "$1", "@ann:x", type_, {}, age)


@pytest.mark.parametrize(
    "event",
    [received(0.0), received(LATE), received(HISTORY), received(LATE + 1, "m.call.hangup")],
    ids=["new", "nearly late", "history", "no invite"],
)
def test_what_does_not_wait(event: Received) -> None:
    settling = Settling()
    settling.note(event, 0.0)
    assert not settling
    assert settling.over({ROOM}, 0.0)


def test_a_late_invite_waits_for_a_response_without_its_room() -> None:
    settling = Settling()
    settling.note(received(LATE + 1), 0.0)
    assert settling
    assert not settling.over({ROOM}, 0.0)
    assert not settling.over({ROOM, OTHER}, 1.0)
    assert settling.over({OTHER}, 2.0)
    assert not settling


def test_an_invite_whose_key_came_later_waits_too() -> None:
    settling = Settling()
    settling.note(received(LATE + 1), 0.0)
    assert not settling.over(NOTHING, 0.0)
    assert settling.over(NOTHING, 1.0)


def test_it_takes_no_longer_than_it_may() -> None:
    settling = Settling()
    for now in (0.0, WITHIN - 0.1):
        settling.note(received(LATE + 1), now)  # one after the other
        assert not settling.over({ROOM}, now)
    assert settling.over({ROOM}, WITHIN)
    assert settling.over({ROOM}, WITHIN)
