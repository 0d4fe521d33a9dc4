"""The file of keys: two processes at once, bad files, and what is never in it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from turn.asking import Terms
from turn.keys.model import ID_BYTES, SECRET_BYTES, Holder, KeyRecord, KeyText, Scopes, make_key
from turn.keys.store import KEPT_ENDED, KeyStore, KeyStoreError
from turn.limits.model import Allowance

SCOPES = Scopes(
    Terms(600, 7200, ("eu", "us"), Allowance(10, 60), Allowance(100, 86400)),
    "meet-",
    ("https://meet.example.org",),
)
NOW = 1_700_000_000


def new_key() -> KeyText:
    return make_key(os.urandom(ID_BYTES + SECRET_BYTES))


def record(key: KeyText, created: int = NOW) -> KeyRecord:
    return KeyRecord(key.id, key.digest, created)


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "sub" / "keys.db")


def test_what_was_kept_comes_back(store: KeyStore) -> None:
    key, holder = new_key(), Holder("h", "meet", SCOPES, NOW)
    store.add(holder, record(key))
    found = store.find(key.id)
    assert found is not None
    assert (found.holder, found.record) == (holder, record(key))
    assert store.find("unknown") is None
    assert store.origins() == {"https://meet.example.org"}
    assert store.holder("meet") == store.holder("h") == store.holder(key.id)


def test_the_file_is_the_owners_alone_and_holds_no_key(store: KeyStore) -> None:
    key = new_key()
    store.add(Holder("h", "meet", SCOPES, NOW), record(key))
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert key.secret.encode() not in store.path.read_bytes()


def test_a_pair_overlaps_and_a_third_waits(store: KeyStore) -> None:
    keys = [new_key() for _ in range(4)]
    store.add(Holder("h", "meet", SCOPES, NOW), record(keys[0]))
    store.rotate("h", record(keys[1]), old_ends=NOW + 100, now=NOW)
    with pytest.raises(KeyStoreError, match="two keys"):
        store.rotate("h", record(keys[2]), old_ends=NOW + 200, now=NOW + 99)
    store.rotate("h", record(keys[2]), old_ends=NOW + 200, now=NOW + 100)
    ends = {each.id: each.ends for each in store.holder("h")[1]}
    assert [ends[key.id] for key in keys[:3]] == [NOW + 100, NOW + 200, None]
    store.rotate("h", record(keys[3]), old_ends=NOW + 150, now=NOW + 150)
    valid = [each.id for each in store.holder("h")[1] if each.valid(NOW + 150)]
    assert valid == [keys[3].id], "an overlap of nothing ends both at once"


def test_keys_that_ended_long_ago_go_away(store: KeyStore) -> None:
    keys = [new_key() for _ in range(3)]
    store.add(Holder("h", "meet", SCOPES, NOW), record(keys[0]))
    later = NOW + KEPT_ENDED + 10
    store.rotate("h", record(keys[1], later), old_ends=NOW + 5, now=NOW)
    store.rotate("h", record(keys[2], later), old_ends=later, now=later)
    assert [each.id for each in store.holder("h")[1]] == sorted(k.id for k in keys[1:])


def test_revoked_and_removed(store: KeyStore) -> None:
    one, other = new_key(), new_key()
    store.add(Holder("h", "meet", SCOPES, NOW), record(one))
    store.rotate("h", record(other), old_ends=NOW + 100, now=NOW)
    store.revoke_key(one.id, NOW + 1)
    store.revoke_key(one.id, NOW + 50)
    assert {each.id: each.ends for each in store.holder("h")[1]} == {
        one.id: NOW + 1,
        other.id: None,
    }
    store.remove("h")
    assert store.holders() == []
    assert store.find(other.id) is None


def test_a_name_is_taken_once(store: KeyStore) -> None:
    store.add(Holder("h", "meet", SCOPES, NOW), record(new_key()))
    with pytest.raises(KeyStoreError, match="rotate its key"):
        store.add(Holder("other", "meet", SCOPES, NOW), record(new_key()))
    assert len(store.holders()) == 1


def test_files_that_cannot_be_used_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match="key make"):
        KeyStore(tmp_path / "none.db").holders()
    text = tmp_path / "text.db"
    text.write_text("this is no database at all, and long enough to be looked at " * 20)
    with pytest.raises(KeyStoreError, match="restore it from a backup"):
        KeyStore(text).find("x")
    with pytest.raises(KeyStoreError, match="cannot be written"):
        KeyStore(text / "below" / "keys.db").add(Holder("h", "n", SCOPES, NOW), record(new_key()))
    newer = KeyStore(tmp_path / "newer.db")
    newer.add(Holder("h", "meet", SCOPES, NOW), record(new_key()))
    import sqlite3

    with sqlite3.connect(newer.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(KeyStoreError, match="newer version"):
        newer.holders()


def test_many_processes_write_at_once(store: KeyStore) -> None:
    program = (
        "import sys, pathlib; from tests.turn.keys.test_store import *\n"
        "for n in range(5):\n"
        "    name = f'{sys.argv[2]}-{n}'\n"
        "    KeyStore(pathlib.Path(sys.argv[1])).add(Holder(name, name, SCOPES, NOW),"
        " record(new_key()))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(store.path), str(number)])
        for number in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(store.holders()) == 15
