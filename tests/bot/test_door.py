"""Who is let in: lists, limits of one caller and of all, load, and what the room is told."""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest

from voip.bot.access import AccessRules, parse
from voip.bot.call import Call
from voip.bot.caller_limits import MINUTE, REMEMBERED_AT_MOST, CallerLimits, CallerRates
from voip.bot.door import NOTICE_PER, TEXTS, Denied, Door, DoorSettings, Refusal
from voip.bot.load import Load, LoadLimits


class Ringing:
    """What the door sees of a call."""

    def __init__(self, user: str = "@ann:x", room: str = "!r:x") -> None:
        self.peer_user_id, self.room_id, self.id = user, room, "id"
        self.end_by = ""

    def reject(self) -> None:
        self.end_by = "reject"

    def hang_up(self, reason: str) -> None:
        self.end_by = reason


class House:
    def __init__(self, max_calls: int = 50, **settings: Any) -> None:
        self.now = 1000.0
        self.said: list[tuple[str, str]] = []
        self.live: list[Ringing] = []
        self.door = Door(
            DoorSettings(**settings),
            max_calls,
            lambda room, text: self.said.append((room, text)),
            lambda: self.now,
        )

    def ring(self, user: str = "@ann:x", room: str = "!r:x") -> Ringing:
        call = Ringing(user, room)
        live = cast(list[Call], self.live)
        if self.door.admits(cast(Call, call), live):
            self.live.append(call)
        return call


@pytest.mark.parametrize("denied", Denied)
def test_who_is_on_the_list_is_declined_silently_or_with_a_notice(denied: Denied) -> None:
    house = House(rules=AccessRules(deny=(parse("@eve:x"),)), denied=denied)
    for _ in range(3):
        assert house.ring("@eve:x").end_by == "reject"
    assert house.ring("@ann:x").end_by == ""
    told = [("!r:x", TEXTS[Refusal.DENIED])]
    assert house.said == (told if denied is Denied.NOTICE else [])
    assert house.door.refused == {Refusal.DENIED: 3}


def test_who_is_denied_is_so_also_when_all_lines_are_busy() -> None:
    house = House(max_calls=1, rules=AccessRules(deny=(parse("@eve:x"),)))
    house.ring()
    assert house.ring("@eve:x").end_by == "reject"
    assert house.ring("@bob:x").end_by == "user_busy"


def test_a_room_is_told_now_and_then() -> None:
    house = House(max_calls=1)
    house.ring()
    for _ in range(3):
        assert house.ring("@bob:x").end_by == "user_busy"
    house.ring("@bob:x", "!other:x")
    assert [room for room, _ in house.said] == ["!r:x", "!other:x"]
    house.now += NOTICE_PER
    house.ring("@bob:x")
    assert [room for room, _ in house.said] == ["!r:x", "!other:x", "!r:x"]


def test_rooms_that_were_told_are_forgotten_in_time() -> None:
    house = House(max_calls=0)
    for number in range(3000):
        house.ring(room=f"!{number}:x")
    assert len(house.said) == 3000
    assert len(house.door._told) == 1000


def test_a_hundred_calls_at_once_by_one_person() -> None:
    house = House(callers=CallerLimits(at_once=3))
    rings = [house.ring("@flood:x") for _ in range(100)]
    assert [ring.end_by for ring in rings] == [""] * 3 + ["user_busy"] * 97
    assert len(house.said) == 1
    assert house.ring("@ann:x").end_by == "", "nobody else suffers"


def test_a_person_who_calls_over_and_over() -> None:
    house = House(callers=CallerLimits(per_minute=4))
    for _ in range(10):
        house.ring("@flood:x")
        house.live.clear()
        house.now += 1
    assert house.door.refused == {Refusal.CALLER_RATE: 6}
    house.now += MINUTE - 10
    assert house.ring("@flood:x").end_by == "", "the first is a minute ago"
    assert house.ring("@flood:x").end_by == "user_busy"


def test_the_rates_of_very_many_are_bounded() -> None:
    rates = CallerRates(1)
    for number in range(REMEMBERED_AT_MOST + 5):
        rates.note(str(number), 0.0)
    assert not rates.exceeded("0", 1.0)
    assert rates.exceeded(str(REMEMBERED_AT_MOST + 4), 1.0)
    assert len(rates._taken) == REMEMBERED_AT_MOST


def test_what_cannot_be_served_well_hears_busy() -> None:
    house = House(load=LoadLimits(cpu=0.8, lag=0.1))
    for _ in range(20):
        house.now += 0.5
        house.door.measured(Load(0.5, 0.2), 3)
    assert house.door.overloaded
    assert house.ring().end_by == "user_busy"
    assert house.said == [("!r:x", TEXTS[Refusal.OVERLOADED])]
    for _ in range(60):
        house.now += 0.5
        house.door.measured(Load(0.0, 0.2), 3)
    assert house.ring().end_by == ""


def test_a_bot_that_is_about_to_end_takes_no_call() -> None:
    house = House()
    house.door.draining = True
    assert house.ring().end_by == "user_busy"
    assert house.said == [("!r:x", TEXTS[Refusal.DRAINING])]


def test_every_refusal_has_words() -> None:
    assert set(TEXTS) == set(Refusal)
    texts = list(itertools.chain(TEXTS.values()))
    assert all(text.endswith(".") for text in texts)
