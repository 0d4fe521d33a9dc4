"""Which raw events matter, and how old they are."""

from __future__ import annotations

from typing import Any

import pytest

from voip.matrix import timeline
from voip.matrix.timeline import age_of, events_of, is_call_event, is_encrypted, membership


def event(type_: str = "m.call.invite", **fields: Any) -> dict[str, Any]:
    return {"type": type_, "sender": "@a:x", "event_id": "$1", "content": {}, **fields}


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"unsigned": {"age": 1500}}, 1.5),
        ({"unsigned": {"age": -20}}, 0.0),
        ({"unsigned": {"age": 1500}, "origin_server_ts": 0}, 1.5),
        ({"unsigned": {}, "origin_server_ts": 90_000}, 10.0),
        ({"unsigned": {"age": "old"}, "origin_server_ts": 90_000}, 10.0),
        ({"unsigned": {"age": True}, "origin_server_ts": 90_000}, 10.0),
        ({"unsigned": None, "origin_server_ts": 200_000}, 0.0),
        ({}, 0.0),
        ({"origin_server_ts": "yesterday"}, 0.0),
    ],
)
def test_age_is_the_servers_or_else_by_our_clock(fields: dict[str, Any], seconds: float) -> None:
    assert age_of(event(**fields), wall_clock=100.0) == seconds


@pytest.mark.parametrize(
    ("raw", "counts"),
    [
        (event("m.call.invite"), True),
        (event("org.matrix.call.sdp_stream_metadata_changed"), True),
        (event("m.call.member", state_key="@a:x"), False),
        (event("m.calls"), False),
        (event("m.room.message"), False),
    ],
)
def test_what_belongs_to_a_call(raw: dict[str, Any], counts: bool) -> None:
    assert is_call_event(raw) is counts


def test_an_encrypted_event_is_a_message() -> None:
    assert is_encrypted(event("m.room.encrypted"))
    assert not is_encrypted(event("m.room.encrypted", state_key=""))


@pytest.mark.parametrize(
    ("content", "found"),
    [({"membership": "leave"}, ("@b:x", "leave")), ({}, None), ({"membership": 1}, None)],
)
def test_membership(content: dict[str, Any], found: tuple[str, str] | None) -> None:
    assert membership(event("m.room.member", state_key="@b:x", content=content)) == found
    assert membership(event("m.room.member", content=content)) is None


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "text",
        {},
        event(content="text"),
        event(sender=None),
        event(event_id=7),
        {**event(), "type": ["m.call.invite"]},
    ],
)
def test_malformed_events_are_passed_over(bad: object) -> None:
    good = event()
    assert list(events_of({"timeline": {"events": [bad, good]}}, "timeline")) == [good]


@pytest.mark.parametrize("room", [None, [], {}, {"timeline": []}, {"timeline": {"events": {}}}])
def test_malformed_rooms_have_no_events(room: object) -> None:
    assert list(events_of(room, "timeline")) == []


def test_the_filter_keeps_calls_and_leaves_chatter_out() -> None:
    room = timeline.sync_filter()["room"]
    assert room["timeline"]["limit"] >= 100
    assert room["state"]["lazy_load_members"]
    types = room["timeline"]["types"]
    assert "m.call.*" in types
    assert "m.room.encrypted" in types
    assert "m.room.message" not in types
