"""A fresh and empty place of each kind, for the tests that hold for all of them."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from tests.turn.databases import SCHEMA, Server
from turn.secrets.places import open_store
from turn.secrets.store import SecretStore

KINDS = ["file", "sqlite", "postgresql", "redis"]
TABLE = "CREATE TABLE turn_secret (realm varchar(127) default '', value varchar(256),"
TABLE += " primary key (realm, value))"


@dataclass(frozen=True)
class Place:
    kind: str
    url: str
    coturn: tuple[str, ...]
    """Lines of coturn's configuration that name the same place."""
    realm: str

    def store(self) -> SecretStore:
        return open_store(self.url, self.realm)


async def fresh_place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    realm = f"realm-{uuid.uuid4().hex[:8]}"
    if kind == "file":
        return Place(kind, f"file:{folder / 'secrets'}", (), realm)
    if kind == "sqlite":
        return _sqlite(folder, realm)
    server: Server = request.getfixturevalue(kind)
    if kind == "redis":
        line = f"redis-userdb=ip={server.host} dbname=0 port={server.port} connect_timeout=10"
        return Place(kind, f"redis://{server.host}:{server.port}/0", (line,), realm)
    url = f"postgresql://postgres@{server.host}:{server.port}/postgres"
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('turn_secret')") is None:
            await connection.execute(SCHEMA.read_text() if SCHEMA.exists() else TABLE)
    finally:
        await connection.close()
    line = f"psql-userdb=host={server.host} port={server.port} dbname=postgres user=postgres"
    return Place(kind, url, (line,), realm)


def _sqlite(folder: Path, realm: str) -> Place:
    file = folder / "turndb"
    if not file.exists():
        debian = Path("/var/lib/turn/turndb")
        if debian.exists():
            shutil.copy(debian, file)  # with coturn's own schema
        else:
            connection = sqlite3.connect(file)
            connection.execute(TABLE)
            connection.close()
        file.chmod(0o600)
    return Place("sqlite", f"sqlite:{file}", (f"userdb={file}",), realm)
