from __future__ import annotations

import numpy as np

from tests.media.audio import rtp
from voip.media.packets import AudioPacket
from voip.media.reorder import Reorder


def packets(count: int, sequence: int = 0, ssrc: int = 1) -> list[AudioPacket]:
    return list(rtp([b"x"] * count, sequence=sequence, ssrc=ssrc))


def run(items: list[AudioPacket]) -> list[int]:
    reorder = Reorder()
    out = [ready.sequence for item in items for ready in reorder.add(item)]
    return out + [ready.sequence for ready in reorder.flush()]


def test_in_order_is_passed_on_at_once() -> None:
    reorder = Reorder()
    for packet in packets(100, sequence=65_500):
        assert list(reorder.add(packet)) == [packet]


def test_any_order_within_the_window_is_put_right() -> None:
    dice = np.random.default_rng(3)
    for _ in range(200):
        items = packets(60, sequence=65_510)
        early = items[:1]
        mixed = sorted(items[1:], key=lambda p: p.arrival + dice.uniform(0, 0.25))
        repeated = [p for p in mixed for _ in range(dice.choice([1, 1, 2]))]
        assert run(early + repeated) == [p.sequence for p in items]


def test_a_missing_packet_holds_others_back_only_so_long() -> None:
    items = packets(40)
    reorder = Reorder()
    out: list[int] = []
    for item in items[:5] + items[6:]:
        out += [ready.sequence for ready in reorder.add(item)]
        held = item.sequence - (out[-1] if out else 0)
        assert held <= Reorder.WINDOW + 1
    assert out == [*range(5), *range(6, 40)]
    assert not list(reorder.add(items[5])), "its place is written already"


def test_patience_ends_with_the_clock() -> None:
    items = packets(10)
    reorder = Reorder()
    for item in items[:5] + items[6:8]:
        list(reorder.add(item))
    arrived = items[6].arrival
    assert not list(reorder.expire(arrived + Reorder.PATIENCE - 0.01))
    assert [p.sequence for p in reorder.expire(arrived + Reorder.PATIENCE)] == [6, 7]


def test_a_new_stream_begins_at_once() -> None:
    first, second = packets(5), packets(5, sequence=30_000, ssrc=2)
    assert run(first + second) == [*range(5), *range(30_000, 30_005)]
    jumped = packets(5, sequence=40_000)
    assert run(first + jumped) == [*range(5), *range(40_000, 40_005)]
    back = packets(5, sequence=65_000)
    assert run(first + back) == [*range(5), *range(65_000, 65_005)]


def test_random_numbers_never_fill_the_memory() -> None:
    dice = np.random.default_rng(5)
    reorder = Reorder()
    for _ in range(5000):
        number = int(dice.integers(1 << 16))
        list(reorder.add(AudioPacket(b"x", number, 0, int(dice.choice([1, 2])), 0.0, None)))
        assert len(reorder._waiting) <= Reorder.WINDOW
