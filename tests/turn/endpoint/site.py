"""An endpoint for a test, put together from real parts, with users of its own invention."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from turn.askers.model import BadToken, MatrixUser
from turn.asking import Terms
from turn.endpoint.app import build
from turn.endpoint.service import Matrix, Parts, Service
from turn.keys.model import (
    ID_BYTES,
    SECRET_BYTES,
    Holder,
    KeyRecord,
    KeyText,
    Scopes,
    make_id,
    make_key,
)
from turn.keys.ring import StoredKeys
from turn.keys.store import KeyStore
from turn.limits.memory import MemoryLimiter
from turn.limits.model import Limiter
from turn.metrics import Metrics
from turn.regions import Relay, Relays
from turn.relay_health import RelayHealth
from turn.secrets.model import FixedSecrets, SecretSource

SECRET = "north-south-east-west"
ID_KEY = "the-key-of-the-ids"
SERVER = "here.example"
NOW = 1_700_000_000.0
TOKEN = "syt_ann_token"
OPENID_TOKEN = "openid_of_bob"
EU = Relay(
    "eu",
    (
        "stun:eu.example.org:3478",
        "turn:eu.example.org:3478?transport=udp",
        "turns:eu.example.org:443?transport=tcp",
    ),
)
US = Relay("us", ("turn:us.example.org:3478?transport=udp",))


ANN = MatrixUser(f"@ann:{SERVER}", SERVER, guest=False, local=True)
BOB = MatrixUser("@bob:there.example:8448", "there.example:8448", guest=False, local=False)


@dataclass
class Vouched:
    """Knows the users of a table, and fails on demand; what real homeservers say is tested
    where they are asked."""

    tokens: dict[str, MatrixUser] = field(default_factory=lambda: {TOKEN: ANN})
    openid: dict[tuple[str, str], MatrixUser] = field(
        default_factory=lambda: {
            (OPENID_TOKEN, BOB.server_name): BOB,
            ("openid_of_ann", SERVER): ANN,
        }
    )
    fails: Exception | None = None

    async def by_access_token(self, token: str) -> MatrixUser:
        return self._found(self.tokens.get(token))

    async def by_openid(
        self, access_token: str, matrix_server_name: str, expires_in: float | None = None
    ) -> MatrixUser:
        return self._found(self.openid.get((access_token, matrix_server_name)))

    def _found(self, user: MatrixUser | None) -> MatrixUser:
        if self.fails is not None:
            raise self.fails
        if user is None:
            raise BadToken("the homeserver does not know this token")
        return user


@dataclass
class Site:
    """A served endpoint and what a test needs of it."""

    service: Service
    vouched: Vouched
    store: KeyStore
    registry: CollectorRegistry
    url: str
    http: ClientSession

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    async def get(
        self, path: str, *, token: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of a GET."""
        given = dict(headers or {})
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        async with self.http.get(self.url + path, headers=given) as response:
            return response.status, await response.json()


def add_key(store: KeyStore, name: str = "conference", scopes: Scopes | None = None) -> NewKey:
    """A holder with a key that did not exist before."""
    key = make_key(os.urandom(ID_BYTES + SECRET_BYTES))
    holder = Holder(make_id(os.urandom(5)), name, scopes or Scopes(), int(NOW))
    store.add(holder, KeyRecord(key.id, key.digest, int(NOW)))
    return NewKey(holder, key)


@dataclass(frozen=True)
class NewKey:
    holder: Holder
    key: KeyText

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@contextlib.asynccontextmanager
async def site(
    folder: Path,
    *,
    local: Terms | None = None,
    remote: Terms | None = None,
    relays: tuple[Relay, ...] = (EU, US),
    limiter: Limiter | None = None,
    secrets: SecretSource | None = None,
    **more: Any,
) -> AsyncIterator[Site]:
    """Serve until the block ends. `more` are fields of `Parts`."""
    vouched, store, registry = Vouched(), KeyStore(folder / "keys.db"), CollectorRegistry()
    keys = StoredKeys(store)
    parts: dict[str, Any] = {
        "secrets": secrets or FixedSecrets(SECRET),
        "id_key": ID_KEY,
        "relays": Relays(relays),
        "health": RelayHealth([uri for relay in relays for uri in relay.uris], every=30),
        "limiter": limiter or MemoryLimiter(),
        "metrics": Metrics(registry),
        "keys": keys,
        "matrix": Matrix(vouched, local or Terms(), remote),
        "clock": lambda: NOW,
    }
    service = Service(Parts(**(parts | more)))
    async with TestServer(build(service)) as server, ClientSession() as http:
        yield Site(service, vouched, store, registry, str(server.make_url("")).rstrip("/"), http)
    await keys.close()
