"""The small internet of these tests, and a homeserver in it that is a real Synapse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.turn.askers.authority import Authority
from tests.turn.askers.real_synapse import RealSynapse
from tests.turn.askers.world import World, small_internet


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def world(authority: Authority) -> AsyncIterator[World]:
    async with small_internet(authority) as made:
        yield made


@pytest.fixture(scope="session")
def real_synapse(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSynapse]:
    """One for the whole run, which starts in three seconds."""
    server = RealSynapse(tmp_path_factory.mktemp("synapse"), authority)
    server.start()
    try:
        yield server
    finally:
        server.stop()
