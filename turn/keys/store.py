"""The file of the holders and their keys: SQLite, so that commands and endpoint share it live.

Blocking: the endpoint calls it in a thread (`turn.keys.ring`).
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turn.asking import Terms
from turn.keys.model import Holder, KeyRecord, Scopes
from turn.limits.model import Allowance

VERSION = 1
WAIT = 5.0
"""Seconds for another process that writes."""
KEPT_ENDED = 90 * 86400
"""Seconds that a key which ended stays in the list."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS holders (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, created INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, holder TEXT NOT NULL REFERENCES holders(id) ON DELETE CASCADE,
  digest BLOB NOT NULL, created INTEGER NOT NULL, ends INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS keys_of_holder ON keys(holder);
"""


class KeyStoreError(Exception):
    """The file cannot be used, or not for this. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A key and whose it is."""

    record: KeyRecord
    holder: Holder


class KeyStore:
    """Opens the file anew for each question, so it may be replaced from a backup at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, holder: Holder, key: KeyRecord) -> None:
        """Keep a new holder with its first key. Raises KeyStoreError where the name is taken."""
        with self._open(write=True) as db:
            try:
                db.execute(
                    "INSERT INTO holders VALUES (?, ?, ?, ?)",
                    (holder.id, holder.name, _dump(holder.scopes), holder.created),
                )
            except sqlite3.IntegrityError:
                raise KeyStoreError(
                    f"there is a holder named {holder.name}: rotate its key, or choose another name"
                ) from None
            _insert(db, holder.id, key)

    def rotate(self, holder_id: str, key: KeyRecord, *, old_ends: int, now: int) -> None:
        """Add a key to a holder, and let those it has end at `old_ends` (Unix time, seconds).

        :raises KeyStoreError: two are valid already: whoever uses the older one has not changed.
        """
        with self._open(write=True) as db:
            valid = [old for old in _keys(db, holder_id) if old.valid(now)]
            if len(valid) > 1 and old_ends > now:
                raise KeyStoreError(
                    "two keys of this holder are valid already: wait until the older one has"
                    " ended, revoke it, or end both with --overlap 0"
                )
            db.execute(
                "UPDATE keys SET ends = min(coalesce(ends, ?), ?) WHERE holder = ?",
                (old_ends, old_ends, holder_id),
            )
            _insert(db, holder_id, key)
            db.execute("DELETE FROM keys WHERE ends < ?", (now - KEPT_ENDED,))

    def revoke_key(self, key_id: str, now: int) -> None:
        """End one key at once."""
        with self._open(write=True) as db:
            db.execute(
                "UPDATE keys SET ends = min(coalesce(ends, ?), ?) WHERE id = ?", (now, now, key_id)
            )

    def remove(self, holder_id: str) -> None:
        """End all keys of a holder at once, and forget it."""
        with self._open(write=True) as db:
            db.execute("DELETE FROM holders WHERE id = ?", (holder_id,))

    def find(self, key_id: str) -> Found | None:
        """The key of that id, valid or not."""
        with self._open() as db:
            row = db.execute(
                "SELECT holders.*, keys.* FROM keys JOIN holders ON holders.id = keys.holder"
                " WHERE keys.id = ?",
                (key_id,),
            ).fetchone()
        return None if row is None else Found(_record(row[4:]), _holder(row[:4]))

    def holders(self) -> list[tuple[Holder, list[KeyRecord]]]:
        """Everybody with their keys, the oldest first."""
        with self._open() as db:
            rows = db.execute("SELECT * FROM holders ORDER BY created, name").fetchall()
            return [(_holder(row), _keys(db, row[0])) for row in rows]

    def holder(self, named: str) -> tuple[Holder, list[KeyRecord]]:
        """By id, name, or the id of one of its keys. Raises KeyStoreError where there is none."""
        for holder, keys in self.holders():
            if named in {holder.id, holder.name, *(key.id for key in keys)}:
                return holder, keys
        raise KeyStoreError(f"there is no holder and no key {named}: see the command `key list`")

    def origins(self) -> frozenset[str]:
        """Every page that some holder's key may be used from."""
        return frozenset(origin for holder, _ in self.holders() for origin in holder.scopes.origins)

    @contextlib.contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        if write:
            _make(self.path)
        elif not self.path.is_file():
            raise KeyStoreError(
                f"there is no file of keys {self.path}: make the first key with `key make`"
            )
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=WAIT)) as db:
                _prepare(db, self.path)
                with db:
                    if write:
                        db.execute("BEGIN IMMEDIATE")
                    yield db
        except sqlite3.Error as error:
            raise KeyStoreError(
                f"the file of keys {self.path} cannot be used ({error}): restore it from a backup,"
                " or name another one in TURN_KEYS_FILE"
            ) from None


def _make(path: Path) -> None:
    """An empty file that only its owner may read, before SQLite would make one for everybody."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise KeyStoreError(
            f"the file of keys {path} cannot be written ({error.strerror}): name another one in"
            " TURN_KEYS_FILE"
        ) from None


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA foreign_keys = ON")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise KeyStoreError(f"{path} was written by a newer version: use that one")


def _insert(db: sqlite3.Connection, holder_id: str, key: KeyRecord) -> None:
    db.execute(
        "INSERT INTO keys VALUES (?, ?, ?, ?, ?)",
        (key.id, holder_id, key.digest, key.created, key.ends),
    )


def _keys(db: sqlite3.Connection, holder_id: str) -> list[KeyRecord]:
    rows = db.execute("SELECT * FROM keys WHERE holder = ? ORDER BY created, id", (holder_id,))
    return [_record(row) for row in rows]


def _record(row: tuple[Any, ...]) -> KeyRecord:
    id_, _, digest, created, ends = row
    return KeyRecord(id_, digest, created, ends)


def _holder(row: tuple[Any, ...]) -> Holder:
    id_, name, scopes, created = row
    return Holder(id_, name, _load(scopes), created)


def _dump(scopes: Scopes) -> str:
    terms = scopes.terms
    return json.dumps(
        {
            "ttl": terms.ttl,
            "longest_ttl": terms.longest_ttl,
            "regions": terms.regions,
            "rate": None if terms.rate is None else str(terms.rate),
            "quota": None if terms.quota is None else str(terms.quota),
            "id_prefix": scopes.id_prefix,
            "origins": scopes.origins,
        }
    )


def _load(text: str) -> Scopes:
    values = json.loads(text)
    terms = Terms(
        values["ttl"],
        values["longest_ttl"],
        tuple(values["regions"]),
        None if values["rate"] is None else Allowance.parse(values["rate"]),
        None if values["quota"] is None else Allowance.parse(values["quota"]),
    )
    return Scopes(terms, values["id_prefix"], tuple(values["origins"]))
