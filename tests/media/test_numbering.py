from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from tests.media.audio import FRAME, RATE, rtp
from voip.media.numbering import Numbering, Place
from voip.media.packets import AudioPacket

BASE = 1000.0
HOUR = 3600 * RATE


def packets(count: int = 10, **first: int) -> list[AudioPacket]:
    return list(rtp([b"\x78x"] * count, arrival=BASE, **first))


def placed(*items: AudioPacket) -> list[Place]:
    numbering = Numbering()
    return [numbering.place(packet, FRAME, BASE) for packet in items]


def steps(places: list[Place]) -> list[tuple[int, int]]:
    return [(b.number - a.number, b.position - a.position) for a, b in itertools.pairwise(places)]


@pytest.mark.parametrize("sequence", [0, 65_530])
@pytest.mark.parametrize("timestamp", [0, (1 << 32) - 3000])
def test_one_after_the_other_across_wraps(sequence: int, timestamp: int) -> None:
    places = placed(*packets(sequence=sequence, timestamp=timestamp))
    assert steps(places) == [(1, FRAME)] * 9
    assert all(place.timely for place in places)


def test_one_that_was_overtaken_has_its_own_place() -> None:
    first, second, third = packets(3, sequence=65_535)
    places = placed(first, third, second)
    assert steps(places) == [(2, 2 * FRAME), (-1, -FRAME)]
    assert places[2].timely


def test_a_copy_has_the_same_number() -> None:
    first, second = packets(2)
    assert steps(placed(first, second, second))[1] == (0, 0)


def test_a_pause_is_time_without_numbers() -> None:
    first, second = packets(2)
    later = replace(second, timestamp=50 * FRAME, arrival=first.arrival + 1.0)
    assert steps(placed(first, later)) == [(1, 50 * FRAME)]


@pytest.mark.parametrize("change", [{"ssrc": 7}, {"sequence": 30_000}, {"sequence": 65_000}])
def test_a_stream_that_begins_anew_goes_on_where_it_arrives(change: dict[str, int]) -> None:
    first, second = packets(2)
    anew = replace(second, **change, timestamp=123_456_789, arrival=BASE + 3.0)
    assert steps(placed(first, anew)) == [(1, 3 * RATE)]


@pytest.mark.parametrize("jump", [HOUR, (1 << 31) - 1])
def test_a_clock_that_jumps_ahead_is_put_where_the_packet_arrives(jump: int) -> None:
    first, second, third = packets(3)
    ahead = [replace(one, timestamp=one.timestamp + jump) for one in (second, third)]
    assert steps(placed(first, *ahead)) == [(1, FRAME), (1, FRAME)]


@pytest.mark.parametrize("back", [1, FRAME, HOUR])
def test_a_clock_that_falls_back_does_not_put_packets_over_each_other(back: int) -> None:
    first, second, third = packets(3)
    after = [replace(one, timestamp=(one.timestamp - back) % (1 << 32)) for one in (second, third)]
    assert steps(placed(first, *after)) == [(1, FRAME), (1, FRAME)]


def test_a_packet_from_before_the_clock_changed_tells_nothing() -> None:
    first, second, third = packets(3)
    jumped = replace(third, timestamp=third.timestamp + HOUR)
    places = placed(first, jumped, second)
    assert places[2].number == places[1].number - 1
    assert not places[2].timely
    assert places[0].position - RATE <= places[2].position <= places[1].position
