"""What every place promises, against the real ones."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from tests.turn.secrets.places import KINDS, Place, fresh_place
from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import (
    AT_ONCE,
    Change,
    Did,
    Pace,
    Phase,
    Snapshot,
    advance,
    begin,
    secrets_of,
)
from turn.secrets.store import Conflict, SecretStore

PACE = Pace(60, 3600)


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return await fresh_place(request.param, tmp_path, request)


async def first(store: SecretStore, value: str = "first-secret-of-all") -> Snapshot:
    empty = await store.read()
    await store.commit(empty, begin(empty, value, PACE))
    return await store.read()


async def go_on(store: SecretStore, now: int = 0) -> Change:
    before = await store.read()
    change = advance(before, now)
    assert isinstance(change, Change)
    await store.commit(before, change)
    return change


async def test_empty_then_one_that_signs(place: Place) -> None:
    store = place.store()
    assert await store.read() == Snapshot(())
    one = await first(store)
    assert one.values == ("first-secret-of-all",)
    assert secrets_of(one, "").signing == "first-secret-of-all"


async def test_each_step_is_there_for_another_process(place: Place) -> None:
    one = await first(place.store())
    await place.store().commit(one, begin(one, "second-secret", AT_ONCE))
    done = [(await go_on(place.store())).did for _ in range(4)]
    assert done == [Did.STAMPED, Did.PROMOTED, Did.STAMPED, Did.REMOVED]
    after = await place.store().read()
    assert after.values == ("second-secret",)
    assert secrets_of(after, "").signing == "second-secret"


async def test_a_commit_after_somebody_elses_is_a_conflict_and_changes_nothing(
    place: Place,
) -> None:
    one = await first(place.store())
    await place.store().commit(one, begin(one, "of-the-winner", PACE))
    between = await place.store().read()
    with pytest.raises(Conflict):
        await place.store().commit(one, begin(one, "of-the-loser", PACE))
    assert await place.store().read() == between
    assert set(between.values) == {"first-secret-of-all", "of-the-winner"}


async def test_of_many_at_once_one_wins(place: Place) -> None:
    one = await first(place.store())

    async def attempt(number: int) -> bool:
        try:
            await place.store().commit(one, begin(one, f"secret-number-{number}", PACE))
        except Conflict:
            return False
        return True

    wins = await asyncio.gather(*map(attempt, range(6)))
    assert wins.count(True) == 1
    after = await place.store().read()
    assert len(after.values) == 2
    assert after.rotation is not None
    assert after.rotation.phase is Phase.SPREADING


async def test_many_who_make_the_very_first_secret(place: Place) -> None:
    empty = await place.store().read()

    async def attempt(number: int) -> bool:
        try:
            await place.store().commit(empty, begin(empty, f"secret-number-{number}", PACE))
        except Conflict:
            return False
        return True

    wins = await asyncio.gather(*map(attempt, range(4)))
    assert wins.count(True) == 1
    assert len((await place.store().read()).values) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "redis"])
async def test_realms_do_not_mix(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    one, other = [await fresh_place(kind, tmp_path, request) for _ in range(2)]
    await first(one.store(), "a-secret-of-one")
    await first(other.store(), "a-secret-of-other")
    assert (await one.store().read()).values == ("a-secret-of-one",)
    assert (await other.store().read()).values == ("a-secret-of-other",)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:/nowhere/turndb",
        "postgresql://turn:hunter2@127.0.0.1:1/turn",
        "redis://:hunter2@127.0.0.1:1/0",
        "file:/nowhere/secrets",
    ],
)
async def test_a_place_that_does_not_answer_says_what_to_do_and_no_password(url: str) -> None:
    store = Place("", url, "realm").store()
    empty = Snapshot(())
    with pytest.raises(SecretsUnavailable) as caught:
        await store.commit(empty, begin(empty, "a-new-secret", PACE))
    shown = f"{caught.value} {caught.value.__cause__} {store.where}"
    assert "hunter2" not in shown
    assert "a-new-secret" not in shown
    assert "/nowhere" in shown or "127.0.0.1" in shown


async def test_a_wrong_password_is_not_shown(request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("redis")
    store = Place("", f"redis://nobody:hunter2@{server.host}:{server.port}/0", "realm").store()
    with pytest.raises(SecretsUnavailable, match="AuthenticationError") as caught:
        await store.read()
    assert "hunter2" not in str(caught.value)


async def test_postgresql_by_a_user_with_no_more_rights_than_it_takes(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """An issuer only reads; who rotates may also write, and need not make tables once they are."""
    place = await fresh_place("postgresql", tmp_path, request)
    one = await first(place.store())
    owner = await asyncpg.connect(place.url)
    try:
        for command in (
            "DROP ROLE IF EXISTS issuer",
            "CREATE ROLE issuer LOGIN",
            "GRANT SELECT ON turn_secret, matrix_turn_rotation TO issuer",
        ):
            await owner.execute(command)
        issuer = Place("", place.url.replace("postgres@", "issuer@"), place.realm).store()
        assert await issuer.read() == one
        with pytest.raises(SecretsUnavailable, match="InsufficientPrivilege"):
            await issuer.commit(one, begin(one, "second-secret", PACE))
        await owner.execute(
            "GRANT INSERT, UPDATE, DELETE ON turn_secret, matrix_turn_rotation TO issuer"
        )
        await issuer.commit(one, begin(one, "second-secret", PACE))
        assert len((await issuer.read()).values) == 2
    finally:
        await owner.execute("DROP OWNED BY issuer")
        await owner.execute("DROP ROLE issuer")
        await owner.close()


async def test_sqlite_after_a_kill_in_the_middle_of_a_commit(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Its journal is left, and only who may write can take the half commit back."""
    place = await fresh_place("sqlite", tmp_path, request)
    one = await first(place.store())
    script = (
        "import os, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "database.execute('PRAGMA cache_spill = 1')\n"
        "database.execute('PRAGMA cache_size = 1')\n"
        "database.execute('BEGIN IMMEDIATE')\n"
        "database.execute('DELETE FROM turn_secret')\n"
        "for number in range(2000):\n"
        "    database.execute('INSERT INTO turn_secret VALUES (?, ?)', ('r', str(number) * 9))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    file = place.url.partition(":")[2]
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", script, file)
    assert await killed.wait() == -9
    assert "turndb-journal" in os.listdir(tmp_path)  # noqa: PTH208 - no waiting in a test
    assert await place.store().read() == one
