from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.secrets.file_store import FileStore
from turn.secrets.live import LiveSecrets
from turn.secrets.places import PlaceError, open_store, secret_source
from turn.secrets.postgresql_store import PostgresqlStore
from turn.secrets.redis_store import RedisStore
from turn.secrets.sqlite_store import SqliteStore


@pytest.mark.parametrize(
    ("place", "kind", "where"),
    [
        ("/etc/matrix-turn/secrets", FileStore, "/etc/matrix-turn/secrets"),
        ("file:/etc/matrix-turn/secrets", FileStore, "/etc/matrix-turn/secrets"),
        ("file:///etc/with%20space", FileStore, "/etc/with space"),
        ("file:secrets", FileStore, "secrets"),
        ("sqlite:/var/lib/turn/turndb", SqliteStore, "turn_secret of /var/lib/turn/turndb"),
        ("sqlite:///var/lib/turn/turndb", SqliteStore, "turn_secret of /var/lib/turn/turndb"),
        ("postgresql://turn:hunter2@db:5433/turn", PostgresqlStore, "PostgreSQL at db/turn"),
        ("postgres://turn:hunter2@db/turn", PostgresqlStore, "PostgreSQL at db/turn"),
        ("redis://:hunter2@db/3", RedisStore, "turn/realm/example.org/secret of Redis at db/3"),
        ("rediss://:hunter2@db/3", RedisStore, "Redis at db/3"),
    ],
)
def test_places(place: str, kind: type, where: str) -> None:
    store = open_store(place, "example.org")
    assert isinstance(store, kind)
    assert where in store.where
    assert "hunter2" not in store.where
    assert isinstance(secret_source(place, "example.org"), LiveSecrets)


@pytest.mark.parametrize("place", ["sqlite:/db", "postgresql://db/turn", "redis://db"])
def test_tables_need_a_realm(place: str) -> None:
    with pytest.raises(PlaceError, match="give the relay's realm"):
        open_store(place, None)


KINDS = st.sampled_from(["", "file:", "sqlite:", "postgresql:", "redis:", "mysql:", "http:"])


@settings(deadline=None)
@given(KINDS, st.text("/:@[]%?#.a0-é\u2100 ", max_size=20))
def test_any_text_is_a_place_or_a_typed_error_that_does_not_quote_it(kind: str, rest: str) -> None:
    said = ""
    try:
        open_store(kind + rest, "example.org")
    except PlaceError as error:
        said = str(error)
    assert len(rest) < 8 or rest not in said
