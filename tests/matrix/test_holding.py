"""Late keys: order is kept, nothing waits for ever. The clock is a number."""

from __future__ import annotations

from typing import Any

from voip.matrix import holding
from voip.matrix.decryption import Decrypted, Locked, Opened
from voip.matrix.holding import CAPACITY, GIVES_WAY, KEPT, Arrival, Holding
from voip.matrix.nio_state import RoomInfo
from voip.signalling.events import MemberLeft, Received, RemoteEvent

ROOM, ANN, BOB = "!r:x", "@ann:x", "@bob:x"
OPENED = Opened("m.call.invite", {"call_id": "c"}, "KEY")
MISSING = Locked.KEY_MISSING


def arrival(name: str, sender: str = ANN, *, at: float = 0.0, age: float = 0.0) -> Arrival:
    raw: dict[str, Any] = {
        "type": "m.call.hangup",
        "sender": sender,
        "event_id": name,
        "content": {},
        "unsigned": {"age": age * 1000},
    }
    info = RoomInfo(ROOM, "", encrypted=True, is_public=True, joined_count=2)
    return Arrival(ROOM, raw, at, info)


def add(held: Holding, one: Arrival, result: Decrypted | None, now: float = 0.0) -> list[str]:
    return names(held.add(one.lane, one, result, now))


def names(events: Any) -> list[str]:
    return [event.event_id if isinstance(event, Received) else "left" for event in events]


def test_what_is_open_passes_at_once() -> None:
    held = Holding()
    assert add(held, arrival("plain"), None) == ["plain"]
    (event,) = held.add((ROOM, ANN), arrival("opened", at=1.0, age=2.0), OPENED, 1.5)
    assert event == Received(
        room_id=ROOM,
        event_id="opened",
        sender=ANN,
        type="m.call.invite",
        content={"call_id": "c"},
        age=2.5,
        encrypted=True,
        room_encrypted=True,
        room_public=True,
        device_key="KEY",
    )
    assert len(held) == 0
    assert held.next_release(0.0) is None


def test_an_opened_message_that_is_no_call_is_not_delivered() -> None:
    assert add(Holding(), arrival("chat"), Opened("m.room.message", {}, "KEY")) == []


def test_a_late_key_delivers_in_order_and_the_age_has_grown() -> None:
    held = Holding()
    assert add(held, arrival("invite", age=1.0), MISSING) == []
    assert add(held, arrival("hangup"), None, now=2.0) == []
    assert add(held, arrival("other", BOB), None, now=2.0) == ["other"]
    assert names(held.release(3.0)) == []
    assert [one.raw["event_id"] for one in held.locked()] == ["invite"]
    held.unlock({"invite": OPENED})
    first, second = held.release(4.0)
    assert isinstance(first, Received)
    assert (first.event_id, first.age) == ("invite", 5.0)
    assert names([second]) == ["hangup"]
    assert held.given_up == 0


def test_what_can_be_delivered_waits_for_a_key_only_so_long() -> None:
    held = Holding()
    add(held, arrival("locked"), MISSING)
    add(held, arrival("ready"), None, now=1.0)
    assert held.next_release(1.0) == GIVES_WAY - 1.0
    assert names(held.release(GIVES_WAY - 0.1)) == []
    assert names(held.release(GIVES_WAY)) == ["ready"]
    assert held.given_up == 1


def test_alone_it_waits_longer_and_then_is_dropped() -> None:
    held = Holding()
    add(held, arrival("locked"), MISSING)
    assert names(held.release(GIVES_WAY + 1)) == []
    assert len(held) == 1
    assert held.next_release(GIVES_WAY) == KEPT - GIVES_WAY
    assert names(held.release(KEPT)) == []
    assert (len(held), held.given_up) == (0, 1)


def test_history_holds_up_nothing() -> None:
    held = Holding()
    assert add(held, arrival("old", age=KEPT), MISSING) == []
    assert add(held, arrival("new"), None) == ["new"]
    assert held.given_up == 1


def test_what_never_opens_holds_up_nothing() -> None:
    held = Holding()
    assert add(held, arrival("broken"), Locked.NEVER) == []
    assert add(held, arrival("new"), None) == ["new"]


def test_a_departure_does_not_overtake_what_the_person_did_before() -> None:
    held = Holding()
    add(held, arrival("hangup"), Locked.DEVICE_UNKNOWN)
    departure: RemoteEvent = MemberLeft(ROOM, ANN)
    assert isinstance(departure, MemberLeft)
    assert names(held.add((ROOM, ANN), departure, None, 1.0)) == []
    held.unlock({"hangup": OPENED})
    assert names(held.release(1.0)) == ["hangup", "left"]


def test_two_locked_in_a_row_open_one_by_one() -> None:
    held = Holding()
    add(held, arrival("one"), MISSING)
    add(held, arrival("two"), MISSING)
    held.unlock({"two": OPENED})
    assert names(held.release(1.0)) == []
    held.unlock({"one": OPENED})
    assert names(held.release(2.0)) == ["one", "two"]


def test_a_flood_pushes_out_the_oldest() -> None:
    held = Holding()
    for number in range(CAPACITY + 5):
        add(held, arrival(str(number), f"@user{number}:x"), MISSING, now=number / 1e6)
    assert len(held) == CAPACITY
    assert held.given_up == 5
    assert held.locked()[0].raw["event_id"] == "5"


def test_the_flood_of_one_sender_frees_their_lane_bit_by_bit() -> None:
    held = Holding()
    add(held, arrival("locked"), MISSING)
    passed = [add(held, arrival(str(n)), None) for n in range(CAPACITY)]
    assert passed[-1] == [str(n) for n in range(CAPACITY)]
    assert len(held) == 0


def test_the_times_make_sense() -> None:
    assert 0 < holding.GIVES_WAY < holding.KEPT
