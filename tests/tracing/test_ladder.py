"""Which step stands where in the ladder, and what is written beside it."""

from __future__ import annotations

from typing import Any

import pytest

from voip.tracing.ladder import Lane, Row, Tone, rows
from voip.tracing.record import Kind, Pair, Step, Trace, Why

ECHO = Why(why="own_echo", text="we sent it ourselves")
STRANGE = Why(why="wrong_party", text="a stranger's", detail="field")


def row(kind: Kind, what: str, **more: Any) -> Row:
    trace = Trace(
        id="1", direction="inbound", began="", steps=[Step(ms=3, kind=kind, what=what, **more)]
    )
    return rows(trace)[0]


@pytest.mark.parametrize(
    ("found", "start", "end", "label", "tone"),
    [
        (row(Kind.SENT, "m.call.invite"), Lane.US, Lane.ROOM, "invite", Tone.PLAIN),
        (row(Kind.TAKEN, "m.call.invite"), Lane.ROOM, Lane.US, "invite taken", Tone.FAINT),
        (row(Kind.NOT_TAKEN, "m.call.x"), Lane.ROOM, Lane.US, "x NOT taken", Tone.BAD),
        (row(Kind.RECEIVED, "m.call.x", who="peer"), Lane.PEER, Lane.US, "x", Tone.PLAIN),
        (
            row(Kind.RECEIVED, "m.call.x", who="us", ignored=ECHO),
            *(Lane.ROOM, Lane.US, "echo of x", Tone.FAINT),
        ),
        (
            row(Kind.RECEIVED, "m.call.x", who="another person {0}", ignored=STRANGE),
            *(Lane.ROOM, Lane.US, "x", Tone.IGNORED),
        ),
        (row(Kind.ROOM, "sync complete"), Lane.ROOM, Lane.ROOM, "sync complete", Tone.FAINT),
        (row(Kind.ASKED, "accept"), Lane.US, Lane.US, "asked: accept", Tone.PLAIN),
        (row(Kind.NOTICE, "something new"), Lane.US, Lane.US, "something new", Tone.PLAIN),
        (row(Kind.MEDIA, "media failed"), Lane.US, Lane.US, "media failed", Tone.BAD),
        (row(Kind.TIMER, "lifetime"), Lane.US, Lane.US, "timer: lifetime", Tone.PLAIN),
        (
            row(Kind.GAP, "left out", facts={"steps": 7}),
            *(Lane.US, Lane.US, "7 steps left out", Tone.FAINT),
        ),
    ],
)
def test_a_step_has_its_place(found: Row, start: Lane, end: Lane, label: str, tone: Tone) -> None:
    assert (found.start, found.end, found.label, found.tone) == (start, end, label, tone)


def test_the_path_of_the_media_is_a_row() -> None:
    trace = Trace(
        id="1",
        direction="inbound",
        began="",
        steps=[Step(ms=3, kind=Kind.MEDIA, what="media connected")],
        pairs=[Pair(local="host A", remote="host B", state="succeeded", chosen=True)],
    )
    path = rows(trace)[1]
    assert path.media
    assert path.detail == "host A – host B"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"took_ms": 7}, "took 7 ms"),
        ({"age_ms": 75_400, "chars": 9}, "75.4 s old, 9 chars"),
        ({"lifetime_ms": 90_000, "version": "1"}, "for 90.0 s"),
        ({"version": "0"}, "version 0"),
        ({"encrypted": True}, "encrypted"),
        ({"encrypted": False}, "NOT encrypted"),
        ({"candidates": {"host": 2, "relay": 1}, "last": False}, "2 host + 1 relay"),
        ({"candidates": {}, "last": True}, "no candidates, the last"),
        (
            {"offer": {"media": ["audio sendrecv: opus"], "candidates": {"host": 1}}},
            "audio sendrecv: opus (1 host)",
        ),
        ({"complete": False}, "more candidates follow"),
        (
            {"wire_reason": "user_hangup", "rang": True, "video": False},
            "wire reason user_hangup, rang",
        ),
        ({"a list": [1, 2], "none": None}, "a list [1, 2]"),
        ({"offer": {"media": 5, "candidates": 5}, "took_ms": "x"}, "took ms x"),
    ],
)
def test_facts_in_words(facts: dict[str, Any], said: str) -> None:
    assert row(Kind.NOTICE, "x", facts=facts).detail == said


def test_a_stranger_is_named() -> None:
    found = row(Kind.RECEIVED, "m.call.x", who="another person", facts={"chars": 3})
    assert found.detail == "from another person; 3 chars"


def test_why_it_was_ignored_comes_first() -> None:
    found = row(Kind.RECEIVED, "m.call.x", who="peer", ignored=STRANGE, facts={"chars": 3})
    assert found.detail == "ignored: a stranger's (field); 3 chars"
