"""What `matrix-turn config` writes, in a real coturn: it starts, relays, and refuses."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from tests.turn.coturn.certificates import make_certificate
from tests.turn.coturn.plans import SECRET
from tests.turn.coturn_process import require_coturn, running_coturn
from tests.turn.databases import redis_server
from tests.turn.ports import listening_port
from tests.turn.turn_client import IPV6, OK, TurnClient, allocation_code
from turn.cli import app
from turn.credentials import mint
from voip.service.demo.coturn import own_address
from voip.service.demo.processes import ChildProcess

COMPLAINTS = re.compile(
    r"bad configuration|unknown|unrecogni|error|wrong|cannot (?!support STUN)|ignor", re.IGNORECASE
)
FORBIDDEN = 403
QUOTA = 3
FORBIDDEN_V4 = "10.0.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.168.1.1 100.64.0.1 0.0.0.1"
FORBIDDEN_V4 += " 224.0.0.1 255.255.255.255 198.51.100.1"
FORBIDDEN_V6 = (
    ":: ::1 ::2 ::10.0.0.1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:a00:1"
    " 64:ff9b::a00:1 64:ff9b::808:808 64:ff9b:1::1 2002:a00:1:: 2001:0:a00:1:: fd00::1 fe80::1"
    " fec0::1 ff02::1 2001:db8::1 100::1"
)


def config(folder: Path, *options: str) -> Path:
    secrets = folder / "secrets"
    secrets.touch(0o600)
    secrets.write_text(f"{SECRET}\n")
    file = folder / "turnserver.conf"
    arguments = ["config", "--realm", "turn.example.org", "--secrets", f"file:{secrets}"]
    arguments += ["--private-network", "--pidfile", str(folder / "pid"), "-o", str(file)]
    done = CliRunner().invoke(app, [*arguments, *options])
    assert done.exit_code == 0, done.output
    return file


Relay = tuple[tuple[str, int], ChildProcess]


def relay(folder: Path, address: str, *options: str) -> Iterator[Relay]:
    require_coturn()
    server = (address, listening_port(address, socket.SOCK_DGRAM))
    where = ["--listening-ip", address, "--port", str(server[1])]
    with running_coturn(config(folder, *where, *options), server) as process:
        yield server, process


@pytest.fixture(scope="module")
def relay_v4(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    folder = tmp_path_factory.mktemp("coturn4")
    certificate, key = make_certificate(folder)
    address = own_address()
    tls = ["--cert", str(certificate), "--key", str(key)]
    tls += ["--tls-port", str(listening_port(address, socket.SOCK_STREAM))]
    yield from relay(folder, address, *tls, "--user-quota", str(QUOTA))


@pytest.fixture(scope="module")
def relay_v6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    yield from relay(tmp_path_factory.mktemp("coturn6"), "::1")


def client(one: Relay, user: str = "somebody") -> TurnClient:
    return TurnClient(one[0], mint(SECRET, user, 600, time.time()))


async def test_an_allocation_works_and_nothing_in_the_log_complains(relay_v4: Relay) -> None:
    async with client(relay_v4) as one:
        assert await one.allocate() == OK
        assert one.relayed is not None
        assert one.relayed[0] == relay_v4[0][0]
        assert 49_152 <= one.relayed[1] <= 51_199
    log = relay_v4[1].log.read_text()
    assert [line for line in log.splitlines() if COMPLAINTS.search(line)] == []
    assert SECRET not in log


def test_the_search_for_complaints_finds_them(tmp_path: Path) -> None:
    """coturn only warns, and runs on: this is what would be seen."""
    require_coturn()
    server = ("127.0.0.1", listening_port("127.0.0.1", socket.SOCK_DGRAM))
    file = config(tmp_path, "--listening-ip", server[0], "--port", str(server[1]))
    with file.open("a") as more:
        more.write("no-such-option\n")
    with running_coturn(file, server) as process:
        assert COMPLAINTS.search(process.log.read_text())


async def test_without_the_secret_nobody_comes_in(relay_v4: Relay) -> None:
    stranger = mint(SECRET[::-1], "somebody", 600, time.time())
    assert await allocation_code(relay_v4[0], stranger) == 401
    late = mint(SECRET, "somebody", 600, time.time() - 3600)
    assert await allocation_code(relay_v4[0], late) == 401


async def test_peers_inside_are_refused_and_others_are_not(relay_v4: Relay) -> None:
    own = relay_v4[0][0]
    async with client(relay_v4, "another") as one:
        await one.allocate()
        for peer in set(FORBIDDEN_V4.split()) - {own}:
            assert (peer, await one.permit(peer)) == (peer, FORBIDDEN)
            assert (peer, await one.bind_channel(peer)) == (peer, FORBIDDEN)
        for peer in ("8.8.8.8", own):
            assert (peer, await one.permit(peer)) == (peer, OK)


async def test_every_form_of_an_address_inside_is_refused(relay_v6: Relay) -> None:
    async with client(relay_v6) as one:
        assert await one.allocate(IPV6) == OK
        for peer in FORBIDDEN_V6.split():
            assert (peer, await one.permit(peer)) == (peer, FORBIDDEN)
            assert (peer, await one.bind_channel(peer)) == (peer, FORBIDDEN)
        assert await one.permit("2a00:1450:4001::1") == OK


async def test_one_user_takes_no_more_than_the_quota(relay_v4: Relay) -> None:
    greedy = [client(relay_v4, "greedy") for _ in range(QUOTA + 1)]
    async with contextlib.AsyncExitStack() as stack:
        codes = [await (await stack.enter_async_context(one)).allocate() for one in greedy]
    assert codes == [*[OK] * QUOTA, 486]


def test_tls_is_offered_with_the_certificate(relay_v4: Relay) -> None:
    conf = relay_v4[1].log.with_name("turnserver.conf").read_text()
    found = re.search(r"^tls-listening-port=(\d+)$", conf, re.MULTILINE)
    assert found is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(relay_v4[1].log.with_name("chain.pem"))
    context.check_hostname = False
    with (
        socket.create_connection((relay_v4[0][0], int(found[1])), 5) as plain,
        context.wrap_socket(plain) as secure,
    ):
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}


async def test_allocations_are_told_to_redis_for_metrics(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("statsdb")
    require_coturn()
    with redis_server(folder) as redis:
        server = ("127.0.0.1", listening_port("127.0.0.1", socket.SOCK_DGRAM))
        where = ["--listening-ip", server[0], "--port", str(server[1])]
        url = f"redis://{redis.host}:{redis.port}/0"
        file = await asyncio.to_thread(config, folder, *where, "--redis-statsdb", url)
        with running_coturn(file, server):
            async with (
                Redis.from_url(url, decode_responses=True) as database,
                TurnClient(server, mint(SECRET, "somebody", 600, time.time())) as one,
            ):
                assert await one.allocate() == OK
                for _ in range(200):  # coturn tells of it a moment later
                    keys = await database.keys("turn/realm/*/allocation/*/status")
                    if keys:
                        break
                    await asyncio.sleep(0.05)
    assert "turn.example.org" in keys[0]
