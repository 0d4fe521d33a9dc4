"""Keys as the endpoint sees them: from memory, live, one look for many."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.turn.endpoint.site import NOW, add_key
from turn.askers.model import BadToken
from turn.keys import ring
from turn.keys.model import KeyRecord
from turn.keys.ring import FRESH, StoredKeys
from turn.keys.store import Found, KeyStore


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class CountingStore(KeyStore):
    """Tells how often the file was asked."""

    asked = 0

    def find(self, key_id: str) -> Found | None:
        self.asked += 1
        return super().find(key_id)


async def test_a_hundred_at_once_are_one_look(tmp_path: Path) -> None:
    store, clock = CountingStore(tmp_path / "keys.db"), Clock()
    new, keys = add_key(store), StoredKeys(store, clock=clock)
    assert keys.known(str(new.key)) is None
    askers = await asyncio.gather(*(keys.asker(str(new.key)) for _ in range(100)))
    assert {asker.identity for asker in askers} == {f"key:{new.holder.id}"}
    assert store.asked == 1
    assert keys.known(str(new.key)) is not None
    clock.now += FRESH
    assert keys.known(str(new.key)) is None, "looked up again, so that changes are seen"
    await keys.close()


async def test_a_key_ends_on_time_even_in_memory(tmp_path: Path) -> None:
    store, clock = KeyStore(tmp_path / "keys.db"), Clock()
    new, keys = add_key(store), StoredKeys(store, clock=clock)
    store.rotate(new.holder.id, KeyRecord("other", b"x", 0), old_ends=int(NOW) + 1, now=int(NOW))
    assert await keys.asker(str(new.key))
    clock.now += 1
    with pytest.raises(BadToken):
        await keys.asker(str(new.key))
    await keys.close()


async def test_revoking_and_making_are_seen_within_seconds(tmp_path: Path) -> None:
    store, clock = KeyStore(tmp_path / "keys.db"), Clock()
    new, keys = add_key(store), StoredKeys(store, clock=clock)
    assert await keys.asker(str(new.key))
    store.revoke_key(new.key.id, int(NOW))
    clock.now += FRESH
    with pytest.raises(BadToken):
        await keys.asker(str(new.key))
    assert await keys.asker(str(add_key(store, "later").key))
    await keys.close()


async def test_the_right_id_with_another_secret_is_refused(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.db")
    new, keys = add_key(store), StoredKeys(store, clock=Clock())
    assert await keys.asker(str(new.key))
    for wrong in (f"mvt.{new.key.id}.{'A' * 43}", "mvt.x", "", "é" * 20, "\ud800"):
        assert keys.known(wrong) is None
        with pytest.raises(BadToken) as caught:
            await keys.asker(wrong)
        assert not wrong or wrong not in str(caught.value)
    await keys.close()


async def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "MOST", 10)
    store = CountingStore(tmp_path / "keys.db")
    new, keys = add_key(store), StoredKeys(store, clock=Clock())
    for number in range(50):
        with pytest.raises(BadToken):
            await keys.asker(f"mvt.{new.key.id}.{number:043}")
    assert len(keys._answers) == 10
    await keys.close()
