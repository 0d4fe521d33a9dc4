"""The audit against coturn: with no rules, with everything open, and as it should be."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.turn.client.certificates import Authority
from tests.turn.client.relays import OWN, Coturn, coturn
from turn.audit.behaviour import ADMIN_PORTS, admin_ports
from turn.audit.model import Audit, Finding, Verdict
from turn.audit.run import AuditOptions, audit
from turn.audit.show import lines_to_add
from turn.cli import app
from turn.client.messages import Login
from turn.client.tls import client_context
from turn.credentials import sign
from turn.peers import dash_ranges

RELAYS_IPV6 = "relay-ip=::1"
"""Every machine has it; coturn's own refusal of loopback peers covers the address itself."""
OLD_TLS = """
openssl_conf = conf
[conf]
ssl_conf = ssl
[ssl]
system_default = old
[old]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""
HARDENED = (
    *(f"denied-peer-ip={each}" for each in dash_ranges()),
    f"allowed-peer-ip={OWN}",
    "no-multicast-peers",
    "no-tcp-relay",
    "no-tlsv1",
    "no-tlsv1_1",
    "no-rfc5780",
    "no-stun-backward-compatibility",
    "user-quota=12",
)


def options(relay: Coturn, authority: Authority) -> AuditOptions:
    now = time.time()
    username = f"{int(now) - 3600}:test"
    expired = Login(username, sign(relay.secret, username))
    context = client_context(authority.file)
    return AuditOptions(relay.login(now), context, timeout=2, expired=expired)


def found(result: Audit, begin: str) -> Finding:
    (finding,) = [each for each in result.findings if each.probe.startswith(begin)]
    return finding


def holes(result: Audit) -> set[str]:
    return {each.probe for each in result.findings if each.verdict is Verdict.OPEN}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def naked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """As Debian installs it: no rules at all."""
    with coturn(tmp_path_factory.mktemp("naked"), RELAYS_IPV6) as relay:
        yield relay


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Coturn]:
    folder = tmp_path_factory.mktemp("hardened")
    certificate = authority.issue([OWN], 90)
    with coturn(folder, *HARDENED, RELAYS_IPV6, certificate=certificate) as relay:
        yield relay


async def test_without_rules_everything_private_is_open(
    naked: Coturn, authority: Authority
) -> None:
    result = await audit(naked.udp, options(naked, authority))
    assert not result.ok
    assert result.failure is None
    assert "10.0.0.1 permitted" in found(result, "peer 10.0.0.0/8").text
    assert "169.254.169.254 permitted" in found(result, "peer 169.254.0.0/16").text
    assert "::ffff:127.0.0.1 permitted" in mapped(found(result, "peer ::ffff:0:0/96").text)
    assert "fd" in found(result, "peer fc00::/7").text
    for network in ("64:ff9b::/96", "2002::/16", "fc00::/7", "2001::/23"):
        assert found(result, f"peer {network}").verdict is Verdict.OPEN
    for other in ("STUN of 2003", "relaying of TCP", "peer 224.0.0.0/4"):
        assert found(result, other).verdict is Verdict.OPEN, other
    lines = lines_to_add(result)
    assert "denied-peer-ip=::ffff:0:0-::ffff:ffff:ffff" in lines
    assert {"no-tcp-relay", "no-multicast-peers", "no-stun-backward-compatibility"} <= set(lines)
    assert not any("/" in line for line in lines)


def mapped(text: str) -> str:
    """Python writes an IPv4-mapped address in another way since 3.13."""
    return text.replace("::ffff:7f00:1", "::ffff:127.0.0.1")


async def test_ipv4_rules_alone_leave_the_same_addresses_open_in_ipv6(
    tmp_path: Path, authority: Authority
) -> None:
    lines = [line for line in HARDENED if ":" not in line]
    with coturn(tmp_path, *lines, RELAYS_IPV6) as relay:
        result = await audit(relay.udp, options(relay, authority))
    assert found(result, "peer 10.0.0.0/8").verdict is Verdict.CLOSED
    for network in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16"):
        assert found(result, f"peer {network}").verdict is Verdict.OPEN


async def test_the_lines_that_an_audit_gives_close_what_it_found(
    tmp_path: Path, naked: Coturn, authority: Authority
) -> None:
    before = await audit(naked.udp, options(naked, authority))
    with coturn(tmp_path, *lines_to_add(before), RELAYS_IPV6) as relay:
        result = await audit(relay.udp, options(relay, authority))
    # Its own address is in a network for documentation: nothing but an allowance helps there.
    assert holes(result) == set()


async def test_a_hardened_relay_is_clean(hardened: Coturn, authority: Authority) -> None:
    given = options(hardened, authority)
    for uri in (hardened.udp, hardened.tls):
        result = await audit(uri, given)
        assert holes(result) == set()
        assert result.ok, result
        assert found(result, f"the relay's own address {OWN}").text.startswith("permitted")
        assert found(result, "allocation with an expired").verdict is Verdict.CLOSED


async def test_a_quota_is_enforced_or_not(
    naked: Coturn, hardened: Coturn, authority: Authority
) -> None:
    closed = await audit(hardened.tcp, replace(options(hardened, authority), quota=12))
    assert found(closed, "more than 12 allocations").verdict is Verdict.CLOSED
    given = await audit(naked.tcp, replace(options(naked, authority), quota=12))
    assert found(given, "more than 12 allocations").verdict is Verdict.OPEN


async def test_what_is_allowed_is_not_asked_for(tmp_path: Path, authority: Authority) -> None:
    network = ip_network("10.1.0.0/16")
    lines = ("allowed-peer-ip=10.0.0.0-10.255.255.255", *HARDENED)
    with coturn(tmp_path, *lines) as relay:
        strict = options(relay, authority)
        assert found(await audit(relay.udp, strict), "peer 10.0.0.0/8").verdict is Verdict.OPEN
        whole = replace(strict, allowed=(ip_network("10.0.0.0/8"), network))
        result = await audit(relay.udp, whole)
    assert result.ok
    assert not [each for each in result.findings if each.probe.startswith("peer 10.")]


async def test_old_tls_dtls_and_anybody(tmp_path: Path, authority: Authority) -> None:
    config = tmp_path / "openssl.cnf"
    config.write_text(OLD_TLS)
    with coturn(
        tmp_path,
        "cipher-list=ALL:@SECLEVEL=0",
        certificate=authority.issue([OWN], 90),
        authentication=["no-auth"],
        dtls=True,
        environment={"OPENSSL_CONF": str(config)},
    ) as relay:
        given = options(relay, authority)
        over_tls = await audit(relay.tls, given)
        over_udp = await audit(relay.udp, given)
    assert found(over_tls, "TLS 1.0").verdict is Verdict.OPEN
    assert found(over_tls, "TLS 1.1").verdict is Verdict.OPEN
    assert found(over_udp, "DTLS").verdict is Verdict.OPEN
    assert found(over_udp, "allocation without a credential").verdict is Verdict.OPEN


async def test_nat_discovery_and_a_long_realm(tmp_path: Path, authority: Authority) -> None:
    lines = ("listening-ip=127.0.0.2", f"realm={'x' * 120}")
    with coturn(tmp_path, *lines, address="127.0.0.1") as relay:
        result = await audit(relay.udp, options(relay, authority))
    assert found(result, "NAT discovery").verdict is Verdict.OPEN
    amplified = found(result, "amplification by Allocate")
    assert amplified.verdict is Verdict.OPEN
    assert any(line.startswith("realm=") for line in amplified.close)


async def test_consoles_that_listen_to_everybody() -> None:
    """On an address of loopback that nothing else uses, since the ports are not ours to choose."""
    host = f"127.66.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
    servers = [await asyncio.start_server(_hang_up, host, port) for port, _, _ in ADMIN_PORTS]
    found = await admin_ports(host, 1)
    for server in servers:
        server.close()
        await server.wait_closed()
    assert [each.verdict for each in found] == [Verdict.OPEN, Verdict.OPEN]
    assert [each.verdict for each in await admin_ports(host, 1)] == [Verdict.CLOSED] * 2


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_relay_that_is_not_there(authority: Authority, naked: Coturn) -> None:
    result = await audit("turn:relay.invalid", options(naked, authority))
    assert not result.ok
    assert result.failure
    for uri in ("stun:relay.example", "https://relay.example"):
        assert (await audit(uri, options(naked, authority))).failure


async def test_a_credential_that_the_relay_refuses(naked: Coturn, authority: Authority) -> None:
    result = await audit(naked.udp, options(replace(naked, secret="another"), authority))
    assert not result.ok
    assert result.failure is not None
    assert "401" in result.failure


def test_the_command_says_it_in_a_table_and_in_json(hardened: Coturn, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(hardened.secret)
    arguments = ["audit", hardened.udp, "--secret-file", str(secret)]
    table = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})
    assert table.exit_code == 0, table.output
    assert "Everything that was tried is refused." in table.output
    assert "IPv4-mapped" in table.output
    done = CliRunner().invoke(app, [*arguments, "--json"])
    parts = json.loads(done.output)
    assert parts["ok"]
    assert {each["verdict"] for each in parts["relays"][0]["probes"]} == {"closed", "note"}
    assert hardened.secret not in table.output + done.output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["turn:relay.example"], "--secret-file"),
        (["turn:a", "--secret-file", "/nowhere"], "cannot be read"),
        (["turn:a", "--username", "u"], "--password-file"),
        (["turn:a", "--username", "u", "--password-file", __file__, "--allow", "x"], "--allow"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_tried(
    arguments: list[str], word: str
) -> None:
    done = CliRunner().invoke(app, ["audit", *arguments])
    assert done.exit_code == 2
    assert word in done.output
