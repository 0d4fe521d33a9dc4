"""The journal: which calls are live, which sends are not confirmed. What it says on start is what
a crash left behind. Recordings, notices and webhooks are the outbox's.

The promises, and where a kill may fall:

- `call_began` before anything is sent for a call, `call_ended` after the last of it. Killed
  between the two, the call is in `live_calls` and gets its hangup on the next start.
- `send_began` before an event leaves, `send_done` after the homeserver took it. Killed between
  the two, the event is in `pending_sends` and may be sent again under its `txn_id`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from voip.signalling.ids import CallKey
from voip.store.database import Database, Migration
from voip.store.records import Direction, JournaledCall, PendingSend, Post

MAX_TOMBSTONES = 2000
TOMBSTONE_AGE = 24 * 3600.0
"""Seconds. An invite that is older has expired whatever its lifetime; see `signalling`."""
SEND_AGE = 24 * 3600.0
"""Seconds. Homeservers forget transaction ids at about this age, so a repeat could be a double."""
DONE_POST_AGE = 30 * 24 * 3600.0
"""Seconds. Only as long as a crashed call might still be waiting for its next start."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        """CREATE TABLE live_call (
            room_id TEXT NOT NULL, call_id TEXT NOT NULL, party_id TEXT NOT NULL,
            direction TEXT NOT NULL, peer_user_id TEXT NOT NULL, bot TEXT NOT NULL,
            version TEXT NOT NULL, peer_party_id TEXT, folder TEXT, began REAL NOT NULL,
            PRIMARY KEY (room_id, call_id))""",
        """CREATE TABLE tombstone (
            room_id TEXT NOT NULL, call_id TEXT NOT NULL, reason TEXT NOT NULL,
            ended REAL NOT NULL, PRIMARY KEY (room_id, call_id))""",
        """CREATE TABLE pending_send (
            seq INTEGER PRIMARY KEY, txn_id TEXT NOT NULL UNIQUE, room_id TEXT NOT NULL,
            call_room_id TEXT NOT NULL, call_id TEXT NOT NULL, type TEXT NOT NULL,
            content TEXT NOT NULL, began REAL NOT NULL)""",
        """CREATE TABLE post (
            seq INTEGER PRIMARY KEY, folder TEXT NOT NULL, file TEXT NOT NULL,
            room_id TEXT NOT NULL, txn_id TEXT NOT NULL UNIQUE, began REAL NOT NULL,
            done REAL, UNIQUE (folder, file))""",
    ),
)


class Journal:
    """Every method is one transaction in the store's thread, in the order of the calls.

    All raise StoreError where the file cannot be written; a call may go on without its journal.
    """

    def __init__(self, database: Database, wall_clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = wall_clock

    @classmethod
    async def open(cls, path: Path, wall_clock: Callable[[], float] = time.time) -> Self:
        """Open or create the journal at `path`; see `Database.open` for what can go wrong."""
        journal = cls(await Database.open(path, MIGRATIONS), wall_clock)
        await journal._forget_the_old()
        return journal

    @property
    def lost(self) -> Path | None:
        """Where a damaged file was set aside when this was opened: what it held is not here."""
        return self._database.set_aside

    async def close(self) -> None:
        await self._database.close()

    # --- calls ------------------------------------------------------------------------------

    async def call_began(self, call: JournaledCall) -> None:
        """Note a live call, before anything is sent for it. The same key again replaces it."""
        row = (
            call.key.room_id,
            call.key.call_id,
            call.party_id,
            call.direction,
            call.peer_user_id,
            call.bot,
            call.version,
            call.peer_party_id,
            call.folder,
            self._now(),
        )
        await self._write("INSERT OR REPLACE INTO live_call VALUES (?,?,?,?,?,?,?,?,?,?)", row)

    async def call_updated(
        self,
        key: CallKey,
        *,
        peer_party_id: str | None = None,
        version: str | None = None,
        folder: str | None = None,
    ) -> None:
        """Add what became known since. None leaves a field as it is; unknown calls are ignored."""
        await self._write(
            "UPDATE live_call SET peer_party_id=coalesce(?, peer_party_id),"
            " version=coalesce(?, version), folder=coalesce(?, folder)"
            " WHERE room_id=? AND call_id=?",
            (peer_party_id, version, folder, key.room_id, key.call_id),
        )

    async def call_ended(self, key: CallKey, reason: str) -> None:
        """Turn a call into a tombstone, after its last event and its posts were noted."""
        now = self._now()

        def work(connection: sqlite3.Connection) -> None:
            named = (key.room_id, key.call_id)
            connection.execute("DELETE FROM live_call WHERE room_id=? AND call_id=?", named)
            connection.execute(
                "INSERT OR REPLACE INTO tombstone VALUES (?,?,?,?)", (*named, reason, now)
            )
            connection.execute(
                "DELETE FROM tombstone WHERE rowid IN"
                " (SELECT rowid FROM tombstone ORDER BY ended DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (MAX_TOMBSTONES,),
            )

        await self._database.run(work)

    async def live_calls(self) -> list[JournaledCall]:
        """The calls that began and did not end, oldest first."""
        rows = await self._read("SELECT * FROM live_call ORDER BY began, rowid")
        return [_call(row) for row in rows]

    async def tombstones(self) -> list[CallKey]:
        """The calls that ended in the last day, oldest first: their history must not ring again."""
        rows = await self._read(
            "SELECT room_id, call_id FROM tombstone WHERE ended >= ? ORDER BY ended, rowid",
            (self._now() - TOMBSTONE_AGE,),
        )
        return [CallKey(row["room_id"], row["call_id"]) for row in rows]

    # --- sends ------------------------------------------------------------------------------

    async def send_began(self, send: PendingSend) -> None:
        """Note an event before it leaves. A `txn_id` that is known already changes nothing."""
        content = json.dumps(dict(send.content))
        key = send.key
        row = (
            send.txn_id,
            send.room_id,
            key.room_id,
            key.call_id,
            send.type,
            content,
            self._now(),
        )
        await self._write(
            "INSERT INTO pending_send (txn_id, room_id, call_room_id, call_id, type, content,"
            " began) VALUES (?,?,?,?,?,?,?) ON CONFLICT (txn_id) DO NOTHING",
            row,
        )

    async def send_done(self, txn_id: str) -> None:
        """Forget an event: the homeserver took it, or refused it for good."""
        await self._write("DELETE FROM pending_send WHERE txn_id=?", (txn_id,))

    async def pending_sends(self) -> list[PendingSend]:
        """What began and was not done, in the order in which it began."""
        return [_send(row) for row in await self._read("SELECT * FROM pending_send ORDER BY seq")]

    # --- posts of recordings, which the outbox has now --------------------------------------

    async def post_done(self, txn_id: str) -> None:
        """The outbox has the recording, on the disk on return."""
        await self._write("UPDATE post SET done=? WHERE txn_id=?", (self._now(), txn_id), True)

    async def pending_posts(self) -> list[Post]:
        """What an earlier version of this program did not post any more, oldest first."""
        rows = await self._read("SELECT * FROM post WHERE done IS NULL ORDER BY seq")
        return [_post(row) for row in rows]

    # --- inside -----------------------------------------------------------------------------

    async def _forget_the_old(self) -> None:
        now = self._now()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM tombstone WHERE ended < ?", (now - TOMBSTONE_AGE,))
            connection.execute("DELETE FROM pending_send WHERE began < ?", (now - SEND_AGE,))
            connection.execute("DELETE FROM post WHERE done < ?", (now - DONE_POST_AGE,))

        await self._database.run(work)

    async def _write(self, sql: str, row: tuple[object, ...], durable: bool = False) -> None:
        await self._database.run(lambda connection: _execute(connection, sql, row), durable=durable)

    async def _read(self, sql: str, row: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        return await self._database.run(lambda connection: connection.execute(sql, row).fetchall())


def _execute(connection: sqlite3.Connection, sql: str, row: tuple[object, ...]) -> None:
    connection.execute(sql, row)


def _call(row: sqlite3.Row) -> JournaledCall:
    return JournaledCall(
        key=CallKey(row["room_id"], row["call_id"]),
        party_id=row["party_id"],
        direction=Direction(row["direction"]),
        peer_user_id=row["peer_user_id"],
        bot=row["bot"],
        version=row["version"],
        peer_party_id=row["peer_party_id"],
        folder=row["folder"],
        began=row["began"],
    )


def _send(row: sqlite3.Row) -> PendingSend:
    return PendingSend(
        key=CallKey(row["call_room_id"], row["call_id"]),
        txn_id=row["txn_id"],
        room_id=row["room_id"],
        type=row["type"],
        content=json.loads(row["content"]),
        began=row["began"],
    )


def _post(row: sqlite3.Row) -> Post:
    return Post(
        folder=row["folder"],
        file=row["file"],
        room_id=row["room_id"],
        txn_id=row["txn_id"],
        done=row["done"] is not None,
    )
