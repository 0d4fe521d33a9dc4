"""Who is left out, and when: on a virtual clock, and the task with real sleeps of no length."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.relay_health import FALL, RISE, RelayHealth, watch

A, B = "turn:a.example.org", "turn:b.example.org"


def test_it_takes_some_probes_to_fall_and_some_to_rise() -> None:
    health = RelayHealth([A, B], every=30)
    changes = [health.record(A, ok=False, now=n) for n in range(FALL)]
    assert changes == [*([False] * (FALL - 1)), True]
    assert health.dead == {A}
    assert health.counts() == (1, 2)
    assert [health.record(A, ok=True, now=n) for n in range(RISE)] == [False, True]
    assert health.dead == frozenset()


def test_one_good_probe_between_starts_the_count_again() -> None:
    health = RelayHealth([A], every=30)
    for ok in (False, False, True, False, False):
        health.record(A, ok=ok, now=0)
    assert not health.dead


def test_each_address_is_due_by_itself() -> None:
    health = RelayHealth([A, B], every=30)
    assert health.due(0) == [A, B]
    health.record(A, ok=True, now=5)
    health.record(B, ok=True, now=9)
    assert (health.due(34), health.due(35), health.deadline()) == ([], [A], 35)
    assert RelayHealth([], every=30).deadline() == float("inf")


@given(st.lists(st.booleans(), max_size=60))
def test_the_last_probes_in_a_row_decide(results: list[bool]) -> None:
    health = RelayHealth([A], every=1)
    for number, ok in enumerate(results):
        health.record(A, ok=ok, now=number)
    if results[-FALL:] == [False] * FALL:
        assert health.dead == {A}
    if results[-FALL:] == [True] * FALL:
        assert not health.dead


async def test_the_task_probes_says_what_changes_and_survives_any_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[tuple[str, bool]] = []
    enough = asyncio.Event()

    async def probe(uri: str) -> bool:
        if uri == A:
            raise OSError("the secret is hunter2")
        return True

    def observe(uri: str, ok: bool) -> None:
        seen.append((uri, ok))
        if len(seen) >= 2 * FALL:
            enough.set()

    health = RelayHealth([A, B], every=0)
    with caplog.at_level(logging.DEBUG):
        task = asyncio.create_task(watch(health, probe, observe))
        await asyncio.wait_for(enough.wait(), 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert health.dead == {A}
    assert "left out" in caplog.text
    assert "hunter2" not in caplog.text
