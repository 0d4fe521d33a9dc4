"""The outbox: what is to leave (recordings, notices, webhooks) is written here first.

The promises, and where a kill may fall:

- `put` before anything leaves, on the disk on return. The same key again changes nothing, so
  whoever is not sure whether it was put puts it again.
- `sent` before the request that makes it appear on the other side, `done` after the answer. Killed
  between the two, the entry has `sent` set and waits: whoever delivers it must find out whether it
  arrived (see `voip.delivery.steps`).
- What is given up stays, with its reason, and is taken out after `KEPT_GIVEN_UP` with a line in
  the log. What is done stays for `KEPT_DONE`, so that its key is known.

The file is shared: `voip outbox` reads and changes it while the bot runs.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Self

from voip.store.database import Database, Migration, Use
from voip.store.outbox_records import Draft, Entry, Fields, Kind, State

log = logging.getLogger(__name__)

NAME = "outbox.db"
"""In the data folder."""
MAX_WAITING = 20_000
"""Entries. What is put beyond that is written down as given up."""
KEPT_DONE = 30 * 24 * 3600.0
KEPT_GIVEN_UP = 180 * 24 * 3600.0
"""Seconds."""
MAX_PROBLEM = 500

MIGRATIONS: tuple[Migration, ...] = (
    (
        """CREATE TABLE entry (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            key TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, payload TEXT NOT NULL,
            state TEXT NOT NULL, began REAL NOT NULL, since REAL NOT NULL,
            not_before REAL NOT NULL, attempts INTEGER NOT NULL, sent REAL,
            progress TEXT NOT NULL, problem TEXT, result TEXT, ended REAL)""",
        "CREATE INDEX entry_state ON entry (state, not_before)",
    ),
)


class Outbox:
    """Every method is one transaction in the store's thread. All raise StoreError."""

    def __init__(self, database: Database, wall_clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self.now = wall_clock

    @classmethod
    async def open(
        cls,
        path: Path,
        wall_clock: Callable[[], float] = time.time,
        use: Use = Use.OWNER,
    ) -> Self:
        """Open or create the outbox at `path`; see `Database.open` for what can go wrong."""
        outbox = cls(await Database.open(path, MIGRATIONS, use), wall_clock)
        if use is Use.OWNER:
            await outbox.forget_old()
        return outbox

    @property
    def lost(self) -> Path | None:
        """Where a damaged file was set aside when this was opened: what it held is not here."""
        return self._database.set_aside

    async def close(self) -> None:
        await self._database.close()

    # --- putting ----------------------------------------------------------------------------

    async def put(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Write drafts down, all of them or none; the entries that count for their keys."""
        now = self.now()

        def work(connection: sqlite3.Connection) -> list[Entry]:
            waiting = _count(connection, State.WAITING)
            entries = []
            for draft in drafts:
                known = _by_key(connection, draft.key)
                if known is None:
                    _insert(connection, draft, now, full=waiting >= MAX_WAITING)
                    waiting += 1
                    known = _by_key(connection, draft.key)
                    assert known is not None  # noqa: S101  # inserted above
                entries.append(known)
            return entries

        entries = await self._database.run(work, durable=True)
        if any(entry.problem == _FULL and entry.began == now for entry in entries):
            log.error("%s: see voip outbox list", _FULL)
        return entries

    # --- delivering -------------------------------------------------------------------------

    async def due(self, busy: Collection[str], limit: int) -> list[Entry]:
        """What may be tried now, one of each lane that is not busy, the longest due first."""
        rows = await self._read(
            "SELECT *, min(not_before) FROM entry WHERE state=? AND not_before<=?"
            " AND lane NOT IN (SELECT value FROM json_each(?))"
            " GROUP BY lane ORDER BY not_before, seq LIMIT ?",
            (State.WAITING, self.now(), json.dumps(list(busy)), limit),
        )
        return [_entry(row) for row in rows]

    async def next_due(self) -> float | None:
        """When the first of those that wait is due; None where none waits."""
        rows = await self._read(
            "SELECT min(not_before) AS due FROM entry WHERE state=?", (State.WAITING,)
        )
        due: float | None = rows[0]["due"]
        return due

    async def keep_progress(self, entry_id: str, progress: Fields) -> None:
        """On the disk on return."""
        await self._write(
            "UPDATE entry SET progress=? WHERE id=?", (json.dumps(progress), entry_id), durable=True
        )

    async def sent(self, entry_id: str) -> None:
        """It leaves now. On the disk on return; the first time counts."""
        await self._write(
            "UPDATE entry SET sent=coalesce(sent, ?) WHERE id=?",
            (self.now(), entry_id),
            durable=True,
        )

    async def done(self, entry_id: str, result: str | None) -> None:
        """It arrived, whatever was decided about it meanwhile."""
        await self._write(
            "UPDATE entry SET state=?, result=?, problem=NULL, ended=? WHERE id=?",
            (State.DONE, result, self.now(), entry_id),
            durable=True,
        )

    async def later(self, entry_id: str, not_before: float, problem: str) -> None:
        """It failed, and is tried again; not where it was given up meanwhile."""
        await self._write(
            "UPDATE entry SET attempts=attempts+1, not_before=?, problem=? WHERE id=? AND state=?",
            (not_before, problem[:MAX_PROBLEM], entry_id, State.WAITING),
        )

    async def give_up(self, entry_id: str, problem: str) -> bool:
        """False where it did not wait any more."""
        return await self._changed(
            "UPDATE entry SET state=?, problem=?, ended=? WHERE id=? AND state=?",
            (State.GIVEN_UP, problem[:MAX_PROBLEM], self.now(), entry_id, State.WAITING),
        )

    async def withdraw(self, key: str, problem: str) -> Entry | None:
        """Give an entry up where it certainly has not left; how it stands then."""
        now = self.now()

        def work(connection: sqlite3.Connection) -> Entry | None:
            connection.execute(
                "UPDATE entry SET state=?, problem=?, ended=?"
                " WHERE key=? AND state=? AND sent IS NULL",
                (State.GIVEN_UP, problem, now, key, State.WAITING),
            )
            return _by_key(connection, key)

        return await self._database.run(work, durable=True)

    # --- looking ----------------------------------------------------------------------------

    async def retry(self, entry_id: str) -> bool:
        """Try at once, as if it were new; False where it is done, or unknown."""
        now = self.now()
        return await self._changed(
            "UPDATE entry SET state=?, since=?, not_before=?, attempts=0, ended=NULL"
            " WHERE id=? AND state<>?",
            (State.WAITING, now, now, entry_id, State.DONE),
        )

    async def named(self, beginning: str) -> list[Entry]:
        """The entries whose id begins so, two at most: enough to see that it is not clear."""
        rows = await self._read(
            "SELECT * FROM entry WHERE substr(id, 1, ?)=? LIMIT 2", (len(beginning), beginning)
        )
        return [_entry(row) for row in rows]

    async def by_key(self, key: str) -> Entry | None:
        return await self._database.run(lambda connection: _by_key(connection, key))

    async def by_result(self, kind: Kind, result: str) -> Entry | None:
        """What is there under this name, such as an event's id."""
        rows = await self._read(
            "SELECT * FROM entry WHERE kind=? AND result=? LIMIT 1", (kind, result)
        )
        return _entry(rows[0]) if rows else None

    async def entries(self, states: Iterable[State], limit: int = 1000) -> list[Entry]:
        """Those in one of these states, the newest first."""
        rows = await self._read(
            "SELECT * FROM entry WHERE state IN (SELECT value FROM json_each(?))"
            " ORDER BY seq DESC LIMIT ?",
            (json.dumps(list(states)), limit),
        )
        return [_entry(row) for row in rows]

    async def counts(self) -> dict[State, int]:
        rows = await self._read("SELECT state, count(*) AS n FROM entry GROUP BY state", ())
        return dict.fromkeys(State, 0) | {State(row["state"]): row["n"] for row in rows}

    async def forget_old(self) -> None:
        """Take out what ended long ago; see the promises above."""
        now = self.now()

        def work(connection: sqlite3.Connection) -> int:
            connection.execute(
                "DELETE FROM entry WHERE state=? AND ended<? AND kind<>?",
                (State.DONE, now - KEPT_DONE, Kind.NOTICE),
            )
            # People may answer a notice long after it.
            connection.execute(
                "DELETE FROM entry WHERE state=? AND ended<?", (State.DONE, now - KEPT_GIVEN_UP)
            )
            return connection.execute(
                "DELETE FROM entry WHERE state=? AND ended<?",
                (State.GIVEN_UP, now - KEPT_GIVEN_UP),
            ).rowcount

        if forgotten := await self._database.run(work):
            log.warning(
                "%d deliveries that were given up half a year ago are no longer listed", forgotten
            )

    # --- inside -----------------------------------------------------------------------------

    async def _write(self, sql: str, row: tuple[object, ...], *, durable: bool = False) -> None:
        await self._database.run(lambda connection: _execute(connection, sql, row), durable=durable)

    async def _changed(self, sql: str, row: tuple[object, ...]) -> bool:
        return await self._database.run(
            lambda connection: connection.execute(sql, row).rowcount > 0, durable=True
        )

    async def _read(self, sql: str, row: tuple[object, ...]) -> list[sqlite3.Row]:
        return await self._database.run(lambda connection: connection.execute(sql, row).fetchall())


def id_of(key: str) -> str:
    """The id of the entry with this key: the same also where the outbox was lost and is filled
    anew, so that what left before is known again. It tells nothing: keys have a random part."""
    return hashlib.sha256(key.encode()).hexdigest()[:20]


_FULL = f"more than {MAX_WAITING} deliveries wait already, so this one was not begun"


def _insert(connection: sqlite3.Connection, draft: Draft, now: float, *, full: bool) -> None:
    connection.execute(
        "INSERT INTO entry (id, kind, key, lane, payload, state, began, since, not_before,"
        " attempts, sent, progress, problem, ended) VALUES (?,?,?,?,?,?,?,?,?,0,?,'{}',?,?)",
        (
            id_of(draft.key),
            draft.kind,
            draft.key,
            draft.lane,
            json.dumps(draft.payload),
            State.GIVEN_UP if full else State.WAITING,
            now,
            now,
            now,
            draft.maybe_sent,
            _FULL if full else None,
            now if full else None,
        ),
    )


def _execute(connection: sqlite3.Connection, sql: str, row: tuple[object, ...]) -> None:
    connection.execute(sql, row)


def _count(connection: sqlite3.Connection, state: State) -> int:
    (count,) = connection.execute("SELECT count(*) FROM entry WHERE state=?", (state,)).fetchone()
    return int(count)


def _by_key(connection: sqlite3.Connection, key: str) -> Entry | None:
    row = connection.execute("SELECT * FROM entry WHERE key=?", (key,)).fetchone()
    return None if row is None else _entry(row)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        seq=row["seq"],
        id=row["id"],
        kind=Kind(row["kind"]),
        key=row["key"],
        lane=row["lane"],
        payload=json.loads(row["payload"]),
        state=State(row["state"]),
        began=row["began"],
        since=row["since"],
        not_before=row["not_before"],
        attempts=row["attempts"],
        sent=row["sent"],
        progress=json.loads(row["progress"]),
        problem=row["problem"],
        result=row["result"],
        ended=row["ended"],
    )
