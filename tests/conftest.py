"""Options and fixtures that every test may use."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from voip.service.demo import coturn as relay_program
from voip.service.demo.coturn import RelayOptions, RelayProcess
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-long", action="store_true", help="run the tests marked long too")


def pytest_configure() -> None:
    """Bots that tests start take calls however busy the machine is with the other tests."""
    os.environ.update(VOIP_BUSY_CPU="1", VOIP_BUSY_LAG="10")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-long"):
        return
    skip = pytest.mark.skip(reason="minutes of work: runs with --run-long (make test-all)")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


@dataclass(frozen=True)
class User:
    """An account that a test has to itself."""

    localpart: str
    password: str
    user_id: str


MakeUser = Callable[[], User]


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SynapseProcess]:
    """One homeserver for the whole run, which never limits rates."""
    folder = tmp_path_factory.mktemp("synapse")
    process = SynapseProcess(SynapseOptions(folder, free_port(), extra_config=LIMITS_LIFTED))
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="session")
def make_user(synapse: SynapseProcess) -> MakeUser:
    """``make_user()`` registers a fresh account on the shared homeserver."""
    return accounts_at(synapse)


async def start_again(synapse: SynapseProcess) -> None:
    """One that was stopped. From the loop's thread: the process would end with another one."""
    synapse.launch()
    await asyncio.to_thread(synapse.wait_until_ready)


def accounts_at(synapse: SynapseProcess) -> MakeUser:
    """Registers a fresh account at each call."""
    numbers = itertools.count(1)

    def make() -> User:
        localpart, password = f"user{next(numbers)}", secrets.token_urlsafe(12)
        synapse.register(localpart, password)
        return User(localpart, password, f"@{localpart}:{synapse.server_name}")

    return make


@pytest.fixture(scope="session")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    """A TURN relay on this machine's own address, which may relay to that address alone."""
    if not relay_program.installed():
        pytest.skip("the command turnserver is missing: on Debian, apt-get install coturn")
    process = RelayProcess(RelayOptions.fresh(tmp_path_factory.mktemp("coturn")))
    process.start()
    try:
        yield process
    finally:
        process.stop()
