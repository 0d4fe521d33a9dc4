"""Two machines that reach each other through a relay alone, and what runs between them for real."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import User
from tests.e2e.accounts import Account
from tests.e2e.browser import CHROMIUM, Person, chromium
from tests.e2e.namespaces import Hub, Machine, Network, NotAllowed, two_apart
from voip.service.demo.coturn import installed
from voip.service.demo.processes import ChildProcess
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions, prepare

SECRET = "an-apart-secret-of-thirty-two-characters"
VOIP = [sys.executable, "-c", "from voip.service.cli import main; main()"]
TURN = [sys.executable, "-c", "from turn.cli import main; main()"]
PATIENCE = 60.0
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    try:
        with two_apart() as network:
            yield network
    except NotAllowed as why:
        pytest.skip(str(why))


class Homeserver(SynapseProcess):
    """In the hub, where both machines reach it; this process does by an address of its own."""

    def __init__(self, folder: Path, hub: Hub) -> None:
        listener = {
            "port": 8008,
            "bind_addresses": ["0.0.0.0"],  # noqa: S104  # of the namespace
            "type": "http",
            "resources": [{"names": ["client"]}],
        }
        super().__init__(
            SynapseOptions(
                folder,
                8008,
                host=hub.control,
                turn_uris=tuple(
                    f"turn:{hub.address}:3478?transport={each}" for each in ("udp", "tcp")
                ),
                turn_shared_secret=SECRET,
                extra_config={**LIMITS_LIFTED, "listeners": [listener]},
            )
        )
        config = folder.resolve() / "homeserver.yaml"
        command = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(config)]
        self.process = ChildProcess("Synapse", hub.command(*command), folder / "synapse.log")

    def prepare(self) -> None:
        prepare(self.options)  # the port is the namespace's, so nobody else can have it


@pytest.fixture(scope="module")
def homeserver(
    network: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SynapseProcess]:
    process = Homeserver(tmp_path_factory.mktemp("apart"), network.hub)
    process.start()
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def coturn(folder: Path, hub: Hub) -> Iterator[None]:
    """With the hardened configuration as it is written for anybody."""
    if not installed():
        pytest.skip("the command turnserver is missing: on Debian, apt-get install coturn")
    config = folder / "turnserver.conf"
    wishes = ["--realm", "apart", "--secrets", f"file:{secret_file(folder)}"]
    run([*TURN, "config", *wishes, "--external-ip", hub.address, "-o", str(config)], check=True)
    process = ChildProcess("coturn", hub.command("turnserver", "-c", str(config)), folder / "log")
    with started(process, hub):
        yield


@contextmanager
def embedded(folder: Path, hub: Hub) -> Iterator[None]:
    wishes = ["--realm", "apart", "--secret-file", str(secret_file(folder))]
    command = hub.command(*TURN, "relay", "--listen", f"{hub.address}:3478", *wishes)
    with started(ChildProcess("relay", command, folder / "log"), hub):
        yield


def secret_file(folder: Path) -> Path:
    file = folder / "secrets"
    file.touch(mode=0o600)
    file.write_text(f"{SECRET}\n")
    return file


@contextmanager
def started(process: ChildProcess, hub: Hub) -> Iterator[None]:
    process.start()
    try:
        process.wait_until(lambda: hub.listens(hub.address, 3478), PATIENCE, "The relay?")
        yield
    finally:
        process.stop()


def environment(
    homeserver: SynapseProcess, hub: Hub, user: User, folder: Path, **more: str
) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOIP_")}
    return kept | {
        "VOIP_HOMESERVER": f"http://{hub.address}:{homeserver.options.port}",
        "VOIP_USER_ID": user.user_id,
        "VOIP_PASSWORD": user.password,
        "VOIP_DATA_DIR": str(folder / user.localpart),
        **more,
    }


@contextmanager
def bot(machine: Machine, settings: dict[str, str]) -> Iterator[None]:
    command = machine.command(*VOIP, "bot")
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready: ")
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def test_the_two_do_not_reach_each_other(network: Network) -> None:
    assert network.left.reaches(network.hub.address)
    assert network.right.reaches(network.hub.address)
    assert not network.left.reaches(network.right.address)


@pytest.fixture(params=[coturn, embedded])
def relay(request: pytest.FixtureRequest, network: Network, tmp_path: Path) -> Iterator[None]:
    with request.param(tmp_path, network.hub):
        yield


@pytest.fixture
def pair(homeserver: SynapseProcess) -> tuple[User, User]:
    """Two who have a direct room."""
    names = [f"{name}{next(_numbers)}" for name in ("ann", "echo")]
    one, other = (User(name, "sesame open", f"@{name}:localhost") for name in names)
    for user in (one, other):
        homeserver.register(user.localpart, user.password)
    Account.of(homeserver, one).direct_room(Account.of(homeserver, other))
    return one, other


@pytest.mark.usefixtures("relay")
def test_two_of_ours(
    network: Network, homeserver: SynapseProcess, pair: tuple[User, User], tmp_path: Path
) -> None:
    ours, theirs = (environment(homeserver, network.hub, each, tmp_path) for each in pair)
    with bot(network.right, theirs | {"VOIP_BOT": "echo"}):
        target = [pair[1].user_id, "--say", "One two three.", "--for", "3", "--json"]
        done = run(network.left.command(*VOIP, "call", *target), ours)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["first_audio_ms"]
    said = run([*VOIP, "trace", "--json"], ours)
    assert "Media went through a relay." in json.loads(said.stdout)["verdict"]


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("relay")
async def test_a_browser_and_a_bot(
    network: Network, homeserver: SynapseProcess, pair: tuple[User, User], tmp_path: Path
) -> None:
    settings = environment(homeserver, network.hub, pair[1], tmp_path)
    program = network.left.program(tmp_path / "chromium", str(CHROMIUM))
    page = [*VOIP, "page", "--homeserver", settings["VOIP_HOMESERVER"]]
    served = ChildProcess("page", network.left.command(*page), tmp_path / "page.log")
    served.start()
    try:
        served.wait_until(lambda: network.left.listens("127.0.0.1", 8080), PATIENCE, "The page?")
        with bot(network.right, settings | {"VOIP_BOT": "echo"}):
            async with chromium(program=program) as browser:
                person = await Person.open(browser, "http://127.0.0.1:8080/")
                await person.sign_in(pair[0].localpart, pair[0].password)
                await person.open_person(pair[1].user_id)
                await person.call()
                await person.wait_phase("connected")
                assert (await person.wait_packets(50)).route == "relayed"
                await person.hang_up()
    finally:
        served.stop()


def test_without_a_relay_there_is_no_way(
    network: Network, homeserver: SynapseProcess, pair: tuple[User, User], tmp_path: Path
) -> None:
    """So what the others show, the relay did."""
    ours, theirs = (environment(homeserver, network.hub, each, tmp_path) for each in pair)
    with bot(network.right, theirs | {"VOIP_BOT": "echo", "VOIP_CONNECT_TIMEOUT": "5"}):
        patience = {"VOIP_CONNECT_TIMEOUT": "5"}
        done = run(network.left.command(*VOIP, "call", pair[1].user_id, "--json"), ours | patience)
    assert done.returncode != 0
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert report["connected_ms"] is None


def run(
    command: list[str], settings: dict[str, str] | None = None, *, check: bool = False
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=settings, capture_output=True, text=True, timeout=PATIENCE, check=check
    )
