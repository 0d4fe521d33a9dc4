"""The journal's promises, within one process and across `kill -9`."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from voip.signalling.ids import CallKey
from voip.store import journal as module
from voip.store.errors import StoreError
from voip.store.journal import Journal
from voip.store.records import Direction, JournaledCall, PendingSend, Post

ROOM = "!room:example.org"
KEY = CallKey(ROOM, "call1")
CALL = JournaledCall(
    key=KEY,
    party_id="OURS",
    direction=Direction.INBOUND,
    peer_user_id="@person:example.org",
    bot="recorder",
)
SEND = PendingSend(
    key=KEY,
    txn_id="t1",
    room_id=ROOM,
    type="m.call.answer",
    content={"answer": {"type": "answer", "sdp": "v=0\r\n"}, "version": "1", "name": "Zoë"},
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def journal(tmp_path: Path, clock: Clock) -> AsyncIterator[Journal]:
    journal = await Journal.open(tmp_path / "journal.sqlite", clock)
    yield journal
    await journal.close()


async def test_a_live_call_is_told_until_it_ends(journal: Journal, clock: Clock) -> None:
    await journal.call_began(CALL)
    assert await journal.live_calls() == [replace(CALL, began=clock.now)]
    await journal.call_ended(KEY, "user_hangup")
    assert await journal.live_calls() == []
    assert await journal.tombstones() == [KEY]


async def test_what_becomes_known_later_is_added(journal: Journal, clock: Clock) -> None:
    await journal.call_began(CALL)
    await journal.call_updated(KEY, peer_party_id="THEIRS", version="0")
    await journal.call_updated(KEY, folder="20270115T080000Z-abc")
    await journal.call_updated(CallKey(ROOM, "unknown"), folder="x")
    (call,) = await journal.live_calls()
    assert call == replace(
        CALL,
        peer_party_id="THEIRS",
        version="0",
        folder="20270115T080000Z-abc",
        began=clock.now,
    )


async def test_one_call_id_in_two_rooms_is_two_calls(journal: Journal) -> None:
    other = CallKey("!other:example.org", KEY.call_id)
    await journal.call_began(CALL)
    await journal.call_began(replace(CALL, key=other))
    await journal.call_ended(KEY, "user_hangup")
    assert [call.key for call in await journal.live_calls()] == [other]


async def test_tombstones_are_bounded_in_age(journal: Journal, clock: Clock) -> None:
    await journal.call_ended(KEY, "user_hangup")
    clock.now += module.TOMBSTONE_AGE - 1
    later = CallKey(ROOM, "later")
    await journal.call_ended(later, "user_hangup")
    assert await journal.tombstones() == [KEY, later]
    clock.now += 2
    assert await journal.tombstones() == [later]


async def test_tombstones_are_bounded_in_number(
    journal: Journal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TOMBSTONES", 3)
    keys = [CallKey(ROOM, str(number)) for number in range(5)]
    for key in keys:
        clock.now += 1
        await journal.call_ended(key, "user_hangup")
    assert await journal.tombstones() == keys[2:]


async def test_a_send_is_pending_until_it_is_done(journal: Journal, clock: Clock) -> None:
    second = replace(SEND, txn_id="t0", type="m.call.hangup", content={})
    await journal.send_began(SEND)
    await journal.send_began(second)
    assert await journal.pending_sends() == [
        replace(SEND, began=clock.now),
        replace(second, began=clock.now),
    ]
    await journal.send_done("t1")
    assert [send.txn_id for send in await journal.pending_sends()] == ["t0"]


async def test_a_retry_of_a_send_keeps_its_place(journal: Journal) -> None:
    await journal.send_began(SEND)
    await journal.send_began(replace(SEND, txn_id="t2"))
    await journal.send_began(SEND)
    assert [send.txn_id for send in await journal.pending_sends()] == ["t1", "t2"]


async def test_a_send_outlives_its_call(journal: Journal) -> None:
    await journal.call_began(CALL)
    await journal.send_began(SEND)
    await journal.call_ended(KEY, "user_hangup")
    assert [send.txn_id for send in await journal.pending_sends()] == ["t1"]


async def test_what_an_earlier_version_did_not_post_is_found(journal: Journal) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO post (folder, file, room_id, txn_id, began) VALUES (?,?,?,?,1)",
            ("folder", "audio.ogg", ROOM, "p1"),
        )

    await journal._database.run(work)
    assert await journal.pending_posts() == [Post("folder", "audio.ogg", ROOM, "p1")]
    await journal.post_done("p1")
    assert await journal.pending_posts() == []


async def test_the_old_is_forgotten_on_open(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "journal.sqlite"
    journal = await Journal.open(path, clock)
    await journal.call_began(CALL)
    await journal.send_began(SEND)
    await journal.close()
    clock.now += 365 * 24 * 3600
    journal = await Journal.open(path, clock)
    assert await journal.pending_sends() == []
    # What people are owed does not age: the hangup.
    assert [call.key for call in await journal.live_calls()] == [KEY]
    await journal.close()


async def test_a_peer_cannot_break_the_journal_with_half_a_character(journal: Journal) -> None:
    with pytest.raises(StoreError):
        await journal.call_began(replace(CALL, peer_party_id="\udfff"))
    await journal.send_began(replace(SEND, content={"reason": "\udfff"}))
    (send,) = await journal.pending_sends()
    assert send.content == {"reason": "\udfff"}


CHILD = """
import asyncio, sys
from pathlib import Path
from voip.signalling.ids import CallKey
from voip.store.journal import Journal
from voip.store.records import Direction, JournaledCall, PendingSend

async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    number = 0
    while True:
        key = CallKey("!room:example.org", str(number))
        await journal.call_began(JournaledCall(key, "P", Direction.INBOUND, "@a:b", "recorder"))
        await journal.send_began(PendingSend(key, f"a{number}", key.room_id, "x", {"n": number}))
        await journal.send_began(PendingSend(key, f"b{number}", key.room_id, "x", {"n": number}))
        await journal.send_done(f"a{number}")
        if number % 2:
            await journal.call_ended(key, "user_hangup")
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


async def test_everything_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    confirmed = kill_in_the_middle(path, after=40)
    journal = await Journal.open(path)
    try:
        live = {int(call.key.call_id) for call in await journal.live_calls()}
        ended = {int(key.call_id) for key in await journal.tombstones()}
        sends = [send.txn_id for send in await journal.pending_sends()]
    finally:
        await journal.close()
    numbers = range(confirmed + 1)
    assert {number for number in numbers if number % 2 == 0} <= live
    assert {number for number in numbers if number % 2} <= ended
    assert sends[: confirmed + 1] == [f"b{number}" for number in numbers]


def kill_in_the_middle(path: Path, after: int) -> int:
    """Let a child write until it has confirmed `after` rounds, kill it, return its last number."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                if int(line) >= after:
                    break
        finally:
            child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")
    assert child.returncode == -signal.SIGKILL
    whole = [int(number) for number in rest[:-1]]  # what follows the last newline may be cut
    return max([after, *whole])
