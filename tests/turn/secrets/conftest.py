from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.turn.databases import Server, postgresql_server, redis_server


@pytest.fixture(scope="package")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="package")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with postgresql_server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server
