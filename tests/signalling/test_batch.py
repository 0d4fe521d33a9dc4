"""Local candidates leave in few events, and the last one at once."""

from __future__ import annotations

from tests.signalling.kit import END, HOST, RELAY
from voip.signalling.batch import CandidateBatch

UFRAG = "abcd"


def test_nothing_leaves_before_the_description() -> None:
    batch = CandidateBatch()
    batch.add((HOST, END), now=0)
    assert batch.deadline is None


def test_the_delay_counts_from_the_first_that_waits() -> None:
    batch = CandidateBatch()
    batch.open(2.0, UFRAG, now=0, complete=False)
    assert batch.deadline is None
    batch.add((HOST,), now=1)
    batch.add((RELAY,), now=2)
    assert batch.deadline == 3
    assert batch.take() == (HOST, RELAY)
    assert batch.deadline is None


def test_what_was_gathered_before_the_description_waits_from_its_sending() -> None:
    batch = CandidateBatch()
    batch.add((HOST,), now=0)
    batch.open(2.0, UFRAG, now=5, complete=False)
    assert batch.deadline == 7


def test_the_end_of_candidates_leaves_at_once_with_all_that_waits() -> None:
    batch = CandidateBatch()
    batch.open(2.0, UFRAG, now=0, complete=False)
    batch.add((HOST,), now=1)
    batch.add((END,), now=1.5)
    assert batch.deadline == 1.5
    assert batch.take() == (HOST, END)


def test_the_end_gathered_before_the_description_leaves_with_it() -> None:
    batch = CandidateBatch()
    batch.add((HOST, END), now=0)
    batch.open(2.0, UFRAG, now=1, complete=False)
    assert batch.deadline == 1


def test_no_candidates_are_no_reason_to_send() -> None:
    batch = CandidateBatch()
    batch.open(2.0, UFRAG, now=0, complete=False)
    batch.add((), now=1)
    assert batch.deadline is None


def test_a_complete_description_is_followed_by_the_end_at_once() -> None:
    batch = CandidateBatch()
    batch.add((HOST,), now=0)
    batch.open(2.0, UFRAG, now=1, complete=True)
    assert batch.deadline == 1
    assert batch.take() == (HOST, END)


def test_each_restart_has_an_end_of_its_own_and_what_is_no_restart_has_none() -> None:
    batch = CandidateBatch()
    batch.restarted("before", now=0, complete=True)
    assert batch.deadline is None
    batch.open(2.0, UFRAG, now=0, complete=True)
    batch.take()
    batch.restarted(UFRAG, now=1, complete=True)
    assert batch.deadline is None
    for now, ufrag in ((2, "efgh"), (3, "ijkl")):
        batch.restarted(ufrag, now=now, complete=True)
        assert batch.deadline == now
        assert batch.take() == (END,)
    batch.restarted("mnop", now=4, complete=False)
    assert batch.deadline is None
    batch.add((RELAY, END), now=5)
    assert batch.deadline == 5
