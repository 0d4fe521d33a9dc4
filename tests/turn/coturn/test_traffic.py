"""What coturn's messages add up to; they are those that coturn 4.6.1 sent."""

from __future__ import annotations

import pytest

from turn.coturn import traffic
from turn.coturn.traffic import Tally

DETAILS = "type=UDP, local=127.0.0.1:54414, remote=127.0.0.1:42235, ssl=NONE, cipher=NONE"


def channel(number: int = 2, kind: str = "status", user: str = "1795847004:abc.l") -> str:
    return f"turn/realm/turn.example.org/user/{user}/allocation/{number:018}/{kind}"


def test_an_allocation_lives_until_it_is_deleted() -> None:
    tally = Tally()
    tally.heard(channel(), f"new lifetime=600, {DETAILS}", 0.0)
    tally.heard(channel(3, user="1795847004:xyz.k"), f"new lifetime=600, {DETAILS}", 0.0)
    assert tally.live(1.0) == {"local": 1, "key": 1}
    tally.heard(channel(), f"refreshed lifetime=0, {DETAILS}", 2.0)
    tally.heard(channel(), "deleted", 3.0)
    assert tally.live(3.0) == {"key": 1}


def test_one_of_a_coturn_that_was_killed_is_over_with_its_lifetime() -> None:
    tally = Tally()
    tally.heard(channel(), f"new lifetime=600, {DETAILS}", 0.0)
    tally.heard(channel(), f"refreshed lifetime=600, {DETAILS}", 500.0)
    assert tally.live(1099.0) == {"local": 1}
    assert tally.live(1100.0) == {}


def test_bytes_add_up_by_tier_and_are_counted_once() -> None:
    tally = Tally()
    for _ in range(2):
        tally.heard(channel(kind="traffic"), "rcvp=104, rcvb=13616, sentp=104, sentb=7512", 0.0)
    tally.heard(channel(kind="traffic/peer"), "rcvp=1, rcvb=10, sentp=1, sentb=10", 0.0)
    tally.heard(channel(kind="total_traffic"), "rcvp=1, rcvb=10, sentp=1, sentb=10", 0.0)
    other = channel(kind="traffic", user="1795847004:signed-by-synapse")
    tally.heard(other, "rcvp=1, rcvb=5, sentp=1, sentb=6", 0.0)
    assert tally.from_clients == {"local": 27_232, "other": 5}
    assert tally.to_clients == {"local": 15_024, "other": 6}


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("turn/realm/r/secret", "s3cret"),
        (channel(kind="peer"), "new lifetime=600"),
        (channel(), "new lifetime=many"),
        (channel(), ""),
        (channel(kind="traffic"), "rcvp=1"),
        (channel(user="a/b"), "new lifetime=600"),
    ],
)
def test_what_is_none_of_coturns_messages_changes_nothing(where: str, what: str) -> None:
    tally = Tally()
    tally.heard(where, what, 0.0)
    assert tally == Tally()


def test_no_more_are_followed_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "MOST", 3)
    tally = Tally()
    for number in range(9):
        tally.heard(channel(number), f"new lifetime=600, {DETAILS}", 0.0)
    tally.heard(channel(0), f"refreshed lifetime=900, {DETAILS}", 0.0)
    assert tally.live(800.0) == {"local": 1}
