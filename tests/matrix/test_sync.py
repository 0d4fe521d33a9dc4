"""The sync loop through everything that can go wrong, and what it delivers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.matrix.conftest import Bot, running
from tests.matrix.faults import DROP, HANG, LOGGED_OUT, Answer, FaultyHomeserver, Ready, limited
from tests.matrix.two_devices import (
    ANN,
    ROOM,
    Device,
    encryption,
    event,
    member,
    timeline,
)
from voip.matrix import sync
from voip.matrix.backoff import Backoff
from voip.matrix.errors import LoggedOutError
from voip.matrix.http import Json
from voip.signalling.events import MemberLeft, Received, RemoteEvent, SyncComplete


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "Backoff", lambda longest: Backoff(0.01, 0.02))


def response(number: int, *events: Json, **room: Any) -> Json:
    raw = timeline(*events)
    raw["rooms"]["join"][ROOM]["timeline"] |= room
    return {"next_batch": f"s{number}", **raw}


def call(name: str, sender: str = ANN, **options: Any) -> Json:
    return {**event(sender, "m.call.hangup", {"call_id": "c"}, **options), "event_id": name}


FAULTS: list[Answer] = [
    (502, {}),
    limited(10),
    DROP,
    "<html>",
    {},
    {"next_batch": 5},
    (404, {"errcode": "M_UNRECOGNIZED"}),
]


async def test_it_survives_what_homeservers_do(faulty: FaultyHomeserver, bot: Bot) -> None:
    faulty.on("/sync", *FAULTS, response(1, call("$1")), *FAULTS, response(2, call("$2")), HANG)
    async with running(bot.edge):
        assert not bot.edge.sync.ready.is_set()
        await bot.syncs(2)
        await bot.edge.ready()
    assert bot.names() == ["$1", "$2"]
    # A cut connection that was kept from an earlier request is tried again by aiohttp itself.
    assert bot.edge.counts["sync_failures"] >= 2 * (len(FAULTS) - 1)


async def test_what_it_asks(faulty: FaultyHomeserver, bot: Bot) -> None:
    faulty.on("/sync", response(1), HANG)
    async with running(bot.edge):
        first, second = await faulty.until_asked("/sync", 2)
    assert (first.query["timeout"], first.query["full_state"]) == ("0", "true")
    assert "since" not in first.query
    assert json.loads(first.query["filter"])["room"]["timeline"]["limit"] >= 100
    assert (second.query["timeout"], second.query["since"]) == ("30000", "s1")
    assert "full_state" not in second.query


async def test_a_late_invite_does_not_ring_ahead_of_its_end(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    invite = event(ANN, "m.call.invite", {"call_id": "c"}, age=8.0)
    nothing = {"next_batch": "s3"}
    faulty.on("/sync", response(1, invite), response(2, call("$2")), nothing, HANG)
    async with running(bot.edge):
        await bot.syncs(1)
        asked = await faulty.until_asked("/sync", 4)
    assert bot.names() == [invite["event_id"], "$2"]
    assert bot.received[-1] == SyncComplete()
    assert [each.query["timeout"] for each in asked] == ["0", "1000", "1000", "30000"]


async def test_a_restart_goes_on_where_it_was(faulty: FaultyHomeserver, bot: Bot) -> None:
    bot.folder.keep_position("BOTS", "s7")
    faulty.on("/sync", HANG)
    async with running(bot.edge):
        (first,) = await faulty.until_asked("/sync", 1)
    assert (first.query["since"], first.query["full_state"]) == ("s7", "true")


async def test_the_position_is_kept_after_the_events_are_delivered(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    positions: list[str | None] = []
    bot.before = lambda _: positions.append(bot.folder.position("BOTS"))
    faulty.on("/sync", response(1, call("$1")), response(2, call("$2")), HANG)
    async with running(bot.edge):
        await faulty.until_asked("/sync", 3)
    assert positions == [None, None, "s1", "s1"]
    assert bot.folder.position("BOTS") == "s2"


async def test_a_position_that_the_server_forgot_is_dropped(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    bot.folder.keep_position("BOTS", "s7")
    faulty.on("/sync", (400, {"errcode": "M_UNKNOWN"}), response(1, call("$1")), HANG)
    async with running(bot.edge):
        await bot.syncs(1)
    assert "since" not in faulty.asked("/sync")[1].query
    assert bot.names() == ["$1"]


async def test_a_callback_that_raises_costs_one_event(faulty: FaultyHomeserver, bot: Bot) -> None:
    def fail_once(one: RemoteEvent) -> None:
        if isinstance(one, Received) and one.event_id == "$1":
            raise KeyError("a defect")

    bot.before = fail_once
    faulty.on("/sync", response(1, call("$1"), call("$2")), response(2, call("$3")), HANG)
    async with running(bot.edge):
        await bot.syncs(2)
    assert bot.names() == ["$2", "$3"]
    assert bot.edge.counts["failed"] == 1


async def test_the_end_of_the_session_ends_the_run(faulty: FaultyHomeserver, bot: Bot) -> None:
    faulty.on("/sync", LOGGED_OUT)
    with pytest.raises(LoggedOutError, match="it logs in as a new device"):
        async with asyncio.timeout(10):
            await bot.edge.run()


@pytest.mark.parametrize(
    "odd",
    [
        {
            "rooms": {
                "join": {ROOM: {"timeline": {"events": [None, {}, {"type": "m.call.invite"}]}}}
            }
        },
        {"rooms": {"join": {ROOM: "text"}, "invite": [], "leave": {ROOM: 4}}},
        {"rooms": None, "to_device": [], "device_lists": "x"},
    ],
)
async def test_malformed_parts_cost_only_themselves(
    faulty: FaultyHomeserver, bot: Bot, odd: Json
) -> None:
    faulty.on("/sync", {"next_batch": "s1", **odd}, response(2, call("$2")), HANG)
    async with running(bot.edge):
        await bot.syncs(2)
    assert bot.names() == ["$2"]


# --- order, departures, gaps ---------------------------------------------------------------------


async def test_events_and_departures_come_in_the_order_of_the_room(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    gone = member(ANN, "leave")
    noise = event(ANN, "m.room.message", {"body": "hi"})
    other = member("@bob:x", "ban")
    faulty.on("/sync", response(1, call("$1"), gone, noise, call("$2", "@bob:x"), other), HANG)
    async with running(bot.edge):
        received = await bot.syncs(1)
    assert bot.names() == ["$1", f"left {ANN}", "$2", "left @bob:x"]
    assert received[-1] == SyncComplete()
    assert received[1] == MemberLeft(ROOM, ANN)


async def test_being_removed_is_told_too(faulty: FaultyHomeserver, bot: Bot) -> None:
    kicked = {**member("@bot:x", "leave"), "sender": ANN}
    left = {"leave": {ROOM: {"timeline": {"events": [call("$1"), kicked]}}}}
    faulty.on("/sync", response(1), {"next_batch": "s2", "rooms": left}, HANG)
    async with running(bot.edge):
        await bot.syncs(1)
        assert bot.edge.room_info(ROOM) is not None
        await bot.syncs(2)
    assert bot.names() == ["$1", "left @bot:x"]
    assert bot.edge.room_info(ROOM) is None


async def test_a_gap_is_filled_in_order(faulty: FaultyHomeserver, bot: Bot) -> None:
    faulty.on("/sync", response(1), response(2, call("$5"), limited=True, prev_batch="p3"), HANG)
    faulty.on(
        "/messages",
        (502, {}),
        {"chunk": [call("$4"), {}, member(ANN, "leave"), call("$3")], "end": "p2"},
        {"chunk": [call("$2")], "end": "p1"},
        {"chunk": []},
    )
    async with running(bot.edge):
        await bot.syncs(2)
    assert bot.names() == ["$2", "$3", f"left {ANN}", "$4", "$5"]
    first, _, second, third = faulty.asked("/messages")
    assert (first.query["from"], first.query["to"], first.query["dir"]) == ("p3", "s1", "b")
    assert (second.query["from"], third.query["from"]) == ("p2", "p1")


async def test_a_gap_that_never_ends_is_left(faulty: FaultyHomeserver, bot: Bot) -> None:
    faulty.on("/sync", response(1), response(2, call("$2"), limited=True, prev_batch="p"), HANG)
    pages: list[Answer] = [{"chunk": [call(f"$p{n}")], "end": f"e{n}"} for n in range(30)]
    faulty.on("/messages", *pages)
    async with running(bot.edge):
        await bot.syncs(2)
    assert len(faulty.asked("/messages")) == 10
    assert bot.names()[-1] == "$2"
    assert len(bot.names()) == 11


async def test_a_gap_that_cannot_be_filled_costs_only_itself(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    gone = {**member(ANN, "leave"), "event_id": "$gone"}
    gap = response(2, call("$2"), limited=True, prev_batch="p")
    gap["rooms"]["join"][ROOM]["state"] = {"events": [gone, {**gone, "event_id": "$old"}]}
    gap["rooms"]["join"][ROOM]["state"]["events"][1]["unsigned"] = {"age": 10**9}
    faulty.on("/sync", response(1), gap, HANG)
    faulty.on("/messages", (403, {"errcode": "M_FORBIDDEN"}))
    async with running(bot.edge):
        await bot.syncs(2)
    assert bot.names() == [f"left {ANN}", "$2"]


async def test_the_history_of_a_fresh_login_is_not_filled(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    faulty.on("/sync", response(1, call("$1"), limited=True, prev_batch="p"), HANG)
    async with running(bot.edge):
        await bot.syncs(1)
    assert not faulty.asked("/messages")


async def test_nothing_is_delivered_twice(faulty: FaultyHomeserver, bot: Bot) -> None:
    again = response(2, call("$1"), call("$2"), limited=True, prev_batch="p")
    faulty.on("/sync", response(1, call("$1")), again, HANG)
    faulty.on("/messages", {"chunk": [call("$2"), call("$1")]})
    async with running(bot.edge):
        await bot.syncs(2)
    assert bot.names() == ["$1", "$2"]


# --- encryption ----------------------------------------------------------------------------------


async def test_a_call_event_to_a_device_is_not_delivered(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    """MSC3401 sends them so; we take part in calls of rooms alone."""
    raw = response(1, call("$1"))
    content = {"call_id": "c", "conf_id": "f", "seq": 0}
    raw["to_device"] = {"events": [{"type": "m.call.hangup", "sender": ANN, "content": content}]}
    faulty.on("/sync", raw, HANG)
    async with running(bot.edge):
        await bot.syncs(1)
    assert bot.names() == ["$1"]


async def test_a_late_key_delivers_in_order_with_the_age_grown(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    ann = Device(ANN, "ANNS", bot.folder.path)
    answers: list[asyncio.Future[Ready]] = [asyncio.Future() for _ in range(3)]
    faulty.on("/sync", *answers, HANG)
    faulty.on("/keys/query", {"device_keys": {ANN: {"ANNS": ann.device_keys}}})
    async with running(bot.edge):
        answers[0].set_result(response(1, encryption(), member(ANN), member("@bot:x")))
        (upload,) = await faulty.until_asked("/keys/upload", 1)
        key = _key_for(ann, upload.body)
        invite = ann.encrypt("m.call.invite", {"call_id": "c"})
        invite["unsigned"] = {"age": 500}
        answers[1].set_result(response(2, invite, call("$hangup"), call("$bobs", "@bob:x")))
        await bot.syncs(2)
        assert bot.names() == ["$bobs"]
        answers[2].set_result({"next_batch": "s3", **key})
        received = await bot.syncs(3)
    assert bot.names() == ["$bobs", invite["event_id"], "$hangup"]
    late = received[-3]
    assert isinstance(late, Received)
    assert (late.type, late.encrypted, late.room_encrypted) == ("m.call.invite", True, True)
    assert late.device_key == ann.identity_key
    assert 0.5 < late.age < 5
    ann.nio.close()


async def test_the_keys_of_what_was_said_before_we_came_are_not_waited_for(
    faulty: FaultyHomeserver, bot: Bot
) -> None:
    ann = Device(ANN, "ANNS", bot.folder.path)
    ann.join(ANN)
    ann.nio.room_keys(ROOM)
    ann.nio.sharing_done(ROOM)
    before = ann.encrypt("m.room.message", {"body": "come here"})
    raw = response(1, encryption(), member(ANN), before, member("@bot:x"), call("$1"))
    faulty.on("/sync", raw, HANG)
    async with running(bot.edge):
        await bot.syncs(1)
    assert bot.names() == ["$1"]
    ann.nio.close()


def _key_for(ann: Device, uploaded: Json) -> Json:
    """The to-device event that gives the bot Ann's key, by what the bot has uploaded."""
    ann.join(ANN, "@bot:x")
    ann.nio.queried({"device_keys": {"@bot:x": {"BOTS": uploaded["device_keys"]}}})
    name, key = uploaded["one_time_keys"].popitem()
    ann.nio.claimed({"one_time_keys": {"@bot:x": {"BOTS": {name: key}}}})
    ((devices, messages),) = ann.nio.room_keys(ROOM)
    ann.nio.shared_with(ROOM, devices)
    ann.nio.sharing_done(ROOM)
    content = messages["messages"]["@bot:x"]["BOTS"]
    return {
        "to_device": {"events": [{"type": "m.room.encrypted", "sender": ANN, "content": content}]}
    }
