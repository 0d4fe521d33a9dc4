"""How long is waited, on a virtual clock: positions in samples, arrivals in seconds."""

from __future__ import annotations

import random

import pytest

from tests.media.audio import FRAME, RATE
from voip.media.delay import Delay
from voip.media.jitter import Jitter
from voip.media.packets import AudioPacket


def run(delay: Delay, late: list[float], begin: int = 0) -> None:
    """Packets every 20 ms, so many seconds late each."""
    for place, seconds in enumerate(late, begin):
        delay.measure(place * FRAME, 500.0 + place * FRAME / RATE + seconds)


def test_it_begins_careful_and_gets_short() -> None:
    delay = Delay()
    run(delay, [0.0])
    assert delay.wanted == Delay.START
    run(delay, [0.0] * 100, begin=1)
    assert delay.wanted == Delay.SHORTEST


def test_it_follows_the_jitter() -> None:
    dice = random.Random(2)  # noqa: S311 - reproducible, not secret
    delay = Delay()
    run(delay, [dice.uniform(0, 0.08) for _ in range(1000)])
    assert delay.wanted == pytest.approx(0.08 + Delay.MARGIN, abs=0.01)


def test_it_rises_with_the_first_late_packet_and_forgets_a_single_stall() -> None:
    delay = Delay()
    run(delay, [0.0] * 500)
    run(delay, [0.3 - 0.02 * place for place in range(15)], begin=500)
    assert delay.wanted == pytest.approx(0.3 + Delay.MARGIN)
    run(delay, [0.0] * 75, begin=515)
    assert delay.wanted == Delay.SHORTEST


def test_it_is_bounded() -> None:
    delay = Delay()
    run(delay, [0.0] * 100 + [5.0] * 20)
    assert delay.wanted == Delay.LONGEST


def test_a_longer_path_is_the_usual_one_after_a_while() -> None:
    delay = Delay()
    run(delay, [0.0] * 500 + [0.1] * 100)
    assert delay.wanted == pytest.approx(0.1 + Delay.MARGIN)
    run(delay, [0.1] * 500, begin=600)
    assert delay.wanted == Delay.SHORTEST
    assert delay.base(0.0) == pytest.approx(500.1)


def test_a_clock_that_stood_still_is_believed_within_a_second_or_so() -> None:
    delay = Delay()
    run(delay, [0.0] * 500 + [60.0] * 75)
    assert delay.base(0.0) == pytest.approx(560.0)
    assert delay.wanted == Delay.SHORTEST


def test_the_copy_of_what_was_lost_is_waited_for() -> None:
    delay = Delay()
    run(delay, [0.0] * 100)
    packet = AudioPacket(b"\x78\x40xxx", 100, 100 * FRAME, 1, 502.0, None)
    delay.missed(packet, FRAME)
    run(delay, [0.0] * 50, begin=100)
    assert delay.wanted == Delay.MARGIN + 0.02
    run(delay, [0.0] * 500, begin=150)
    assert delay.wanted == Delay.SHORTEST


def test_what_is_remembered_is_bounded() -> None:
    jitter = Jitter()
    for place in range(20_000):
        jitter.add(random.Random(place).random(), place / 10)  # noqa: S311
    assert len(jitter._intervals) <= Jitter.MEMORY
