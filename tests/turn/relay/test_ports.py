"""The relayed ports: each once, given back, even ones, pairs."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from turn.relay.ports import Ports

RANGE = range(50_000, 50_010)


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same ports each time


@settings(deadline=None)
@given(st.integers(), st.lists(st.sampled_from(["any", "even", "pair", "back"]), max_size=60))
def test_every_port_has_one_owner(seed: int, todo: list[str]) -> None:
    ports = Ports(RANGE, chance(seed))
    taken: list[int] = []
    for what in todo:
        if what == "back":
            if taken:
                ports.give_back(taken.pop(seed % len(taken)))
            continue
        port = ports.take() if what == "any" else ports.take_even(pair=what == "pair")
        if port is not None:
            new = [port, port + 1] if what == "pair" else [port]
            assert not set(new) & set(taken)
            assert set(new) <= set(RANGE)
            assert what == "any" or port % 2 == 0
            taken += new
        elif what == "any":
            assert len(taken) == len(RANGE)
        assert len(ports) == len(RANGE) - len(taken)


def test_none_is_left_when_all_are_taken() -> None:
    ports = Ports(RANGE, chance(1))
    assert {ports.take() for _ in RANGE} == set(RANGE)
    assert ports.take() is None
    assert ports.take_even(pair=False) is None
    ports.give_back(50_001)
    assert ports.take_even(pair=False) is None
    ports.give_back(50_004)
    assert ports.take_even(pair=True) is None
    ports.give_back(50_005)
    assert ports.take_even(pair=True) == 50_004


def test_the_next_port_cannot_be_guessed_from_the_last() -> None:
    orders = {tuple(Ports(RANGE, chance(seed)).take() for _ in "1") for seed in range(40)}
    assert len(orders) > 5
