"""Finding our own event in a room by its mark."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrix.faults import FaultyHomeserver
from voip.matrix import history
from voip.matrix.errors import HistoryTooLongError, ServerTroubleError
from voip.matrix.history import find_marked
from voip.matrix.sends import MARK
from voip.matrix.session import Session

ROOM, BOT = "!r:x", "@bot:x"


def event(number: int, mark: str | None = None, sender: str = BOT, at: float = 100.0) -> Any:
    return {
        "type": "m.room.encrypted" if number % 2 else "m.room.message",
        "event_id": f"${number}",
        "sender": sender,
        "origin_server_ts": at * 1000,
        "content": {"ciphertext": "…"} | ({} if mark is None else {MARK: mark}),
    }


async def found(
    session: Session, faulty: FaultyHomeserver, *pages: Any, since: float = 50.0
) -> str | None:
    faulty.on("/messages", *pages)
    return await find_marked(session, ROOM, "ours", since)


async def test_it_is_found_on_a_later_page(session: Session, faulty: FaultyHomeserver) -> None:
    first = {"chunk": [event(4), event(3, "another")], "end": "t1"}
    assert await found(session, faulty, first, {"chunk": [event(2), event(1, "ours")]}) == "$1"
    asked = faulty.asked("/messages")
    assert asked[1].query["from"] == "t1"
    assert '"senders": ["@bot:x"]' in asked[0].query["filter"]


async def test_a_mark_of_somebody_else_is_none(session: Session, faulty: FaultyHomeserver) -> None:
    page = {"chunk": [event(1, "ours", "@mallory:x"), {"content": {MARK: "ours"}}, "odd"]}
    assert await found(session, faulty, page) is None


async def test_what_is_older_is_not_read(session: Session, faulty: FaultyHomeserver) -> None:
    pages = ({"chunk": [event(3), event(2, at=49.0)], "end": "t1"}, {"chunk": [event(1, "ours")]})
    assert await found(session, faulty, *pages) is None
    assert len(faulty.asked("/messages")) == 1


async def test_it_does_not_read_for_ever(
    session: Session, faulty: FaultyHomeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_PAGES", 3)
    with pytest.raises(HistoryTooLongError):
        await found(session, faulty, {"chunk": [event(1)], "end": "t"})
    assert len(faulty.asked("/messages")) == 3


async def test_trouble_is_no_answer(session: Session, faulty: FaultyHomeserver) -> None:
    with pytest.raises(ServerTroubleError):
        await found(session, faulty, (502, {}))
