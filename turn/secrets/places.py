"""Names of places that hold secrets, as people write them into settings and on command lines."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from turn.secrets.file_store import FileStore
from turn.secrets.postgresql_store import PostgresqlStore
from turn.secrets.redis_store import RedisStore
from turn.secrets.sqlite_store import SqliteStore
from turn.secrets.store import SecretStore

EXAMPLES = (
    "file:/etc/matrix-turn/secrets, sqlite:/var/lib/turn/turndb,"
    " postgresql://turn@db.example.org/turn, redis://db.example.org/0"
)


class PlaceError(ValueError):
    """A name that is no place. The text does not quote it: it may hold a password."""


def open_store(place: str, realm: str | None) -> SecretStore:
    """The store that ``place`` names; nothing is opened or read yet.

    :param realm: of the relay; tables hold the secrets of several, files do not.
    :raises PlaceError: what is wrong with it.
    """
    kind, colon, rest = place.partition(":")
    if not colon or kind == "file":
        return FileStore(Path(_path(rest if colon else place)))
    if kind not in {"sqlite", "postgresql", "postgres", "redis", "rediss"}:
        raise PlaceError(f"the place of the secrets is none that is known; for example {EXAMPLES}")
    if not realm:
        raise PlaceError("coturn keeps the secrets of each realm apart: give the relay's realm")
    if kind == "sqlite":
        return SqliteStore(Path(_path(rest)), realm)
    try:
        parts = urlsplit(place)
        _ = parts.port, parts.hostname
    except ValueError:
        raise PlaceError(f"the place of the secrets is no URL; for example {EXAMPLES}") from None
    if not rest.startswith("//"):
        raise PlaceError(f"the place of the secrets is no URL; for example {EXAMPLES}")
    if kind in {"redis", "rediss"}:
        return RedisStore(place, realm)
    return PostgresqlStore(place, realm)


def _path(text: str) -> str:
    """`/path`, `//host-less` and `///path` forms of a URL, or a path relative to the folder."""
    if text.startswith("///"):
        text = unquote(text[2:])
    if not text:
        raise PlaceError(f"the place of the secrets has no path; for example {EXAMPLES}")
    return text
