"""Each way in which a relay is set up wrongly, set up for real: the doctor names the cause."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.turn.client.certificates import Authority
from tests.turn.client.relays import OWN, Coturn, coturn
from turn.client.client import Client
from turn.client.links import open_udp
from turn.client.messages import Login
from turn.client.tls import client_context
from turn.doctor.causes import Cause
from turn.doctor.check import CheckOptions
from turn.doctor.model import Report, Step, Verdict
from turn.doctor.run import check_all
from voip.service.demo.processes import free_port

UNTRUSTING = ssl.create_default_context()


def options(relay: Coturn, tls: ssl.SSLContext = UNTRUSTING) -> CheckOptions:
    return CheckOptions(relay.login(time.time()), tls, timeout=2)


async def check(uri: str, given: CheckOptions) -> Report:
    (report,) = await check_all([uri], given, within=30)
    return report


def verdict(report: Report) -> tuple[Step, Cause | None]:
    assert report.failure is not None, [str(each) for each in report.findings]
    assert report.failure.remedy
    assert not report.ok
    return report.failure.step, report.failure.cause


def warned(report: Report) -> set[Cause | None]:
    return {each.cause for each in report.findings if each.verdict is Verdict.WARNING}


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """Nothing is wrong with it."""
    with coturn(tmp_path_factory.mktemp("right")) as relay:
        yield relay


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def test_nothing_is_wrong(relay: Coturn) -> None:
    reports = await check_all([relay.udp, relay.tcp], options(relay), within=30)
    for report in reports:
        assert report.ok
        # Tests run on an address that is in no public network, and that is said.
        assert warned(report) == {Cause.RELAY_ADDRESS_LOCAL}
        steps = [each.step for each in report.findings if each.verdict is Verdict.OK]
        assert {Step.BINDING, Step.ALLOCATE, Step.PERMISSION, Step.ECHO, Step.LATENCY} <= set(steps)


async def test_the_name_does_not_exist(relay: Coturn) -> None:
    report = await check("turn:relay.invalid:3478", options(relay))
    # Without any name server this machine cannot tell, and the doctor says that.
    assert verdict(report)[0] is Step.DNS
    assert verdict(report)[1] in (Cause.NAME_UNKNOWN, Cause.NAME_SERVERS)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_nothing_listens(relay: Coturn, transport: str) -> None:
    port = free_port(OWN, socket.SOCK_DGRAM)
    report = await check(f"turn:{OWN}:{port}?transport={transport}", options(relay))
    assert verdict(report) == (Step.CONNECT, Cause.NOTHING_LISTENS)


async def test_it_is_there_and_answers_nothing(relay: Coturn) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((OWN, 0))
        uri = f"turn:{OWN}:{silent.getsockname()[1]}"
        report = await check(uri, replace(options(relay), timeout=0.5))
    assert verdict(report) == (Step.CONNECT, Cause.NO_ANSWER)


async def test_tcp_only(tmp_path: Path) -> None:
    with coturn(tmp_path, "no-udp", ready="tcp") as relay:
        report = await check(relay.udp, options(relay))
    assert verdict(report) == (Step.CONNECT, Cause.UDP_BLOCKED)


async def test_udp_only(tmp_path: Path) -> None:
    with coturn(tmp_path, "no-tcp") as relay:
        report = await check(relay.tcp, options(relay))
    assert verdict(report) == (Step.CONNECT, Cause.TCP_BLOCKED)


async def test_the_issuer_has_another_secret(relay: Coturn) -> None:
    wrong = replace(relay, secret="another one")
    report = await check(relay.udp, options(wrong))
    assert verdict(report) == (Step.ALLOCATE, Cause.CREDENTIAL_REFUSED)


async def test_the_credential_has_expired(relay: Coturn) -> None:
    expired = relay.login(time.time() - 7200)
    report = await check(relay.udp, replace(options(relay), login=expired))
    assert verdict(report) == (Step.CREDENTIAL, Cause.CREDENTIAL_EXPIRED)
    allocate = next(each for each in report.findings if each.step is Step.ALLOCATE)
    assert allocate.cause is Cause.CREDENTIAL_EXPIRED


async def test_the_clock_of_whoever_issued_it_is_behind(relay: Coturn) -> None:
    """Or that of the relay ahead: to each other they are the same."""
    behind = time.time() - 7200

    def mint(ttl: int) -> Login:
        return relay.login(behind, ttl)

    given = replace(options(relay), login=mint(3600), mint=mint, wall_clock=lambda: behind)
    report = await check(relay.udp, given)
    assert verdict(report) == (Step.ALLOCATE, Cause.CREDENTIAL_CLOCK)


async def test_this_machines_clock_is_ahead(relay: Coturn) -> None:
    """By it the credential has expired; the relay knows better, and nothing has failed."""
    given = replace(options(relay), wall_clock=lambda: time.time() + 7200)
    report = await check(relay.udp, given)
    assert report.ok
    assert Cause.CLOCK_SKEW in warned(report)


async def test_no_credential_is_given(relay: Coturn) -> None:
    report = await check(relay.udp, replace(options(relay), login=None))
    assert verdict(report) == (Step.ALLOCATE, Cause.CREDENTIAL_MISSING)


async def test_anybody_may_relay(tmp_path: Path) -> None:
    with coturn(tmp_path, authentication=["no-auth"]) as relay:
        report = await check(relay.udp, options(relay))
    assert verdict(report) == (Step.CHALLENGE, Cause.NO_AUTHENTICATION)


@pytest.mark.parametrize(
    ("name", "days", "cause"),
    [
        (OWN, -1, Cause.TLS_EXPIRED),
        ("other.example", 90, Cause.TLS_WRONG_NAME),
        (OWN, 90, Cause.TLS_UNKNOWN_ISSUER),
    ],
)
async def test_the_certificate_is_wrong(
    tmp_path: Path, authority: Authority, name: str, days: int, cause: Cause
) -> None:
    trusted = None if cause is Cause.TLS_UNKNOWN_ISSUER else authority.file
    context = client_context(trusted)
    with coturn(tmp_path, certificate=authority.issue([name], days)) as relay:
        report = await check(relay.tls, options(relay, context))
    assert verdict(report) == (Step.TLS, cause)


async def test_the_certificate_is_right_and_ends_soon(tmp_path: Path, authority: Authority) -> None:
    context = client_context(authority.file)
    with coturn(tmp_path, certificate=authority.issue([OWN], 5)) as relay:
        report = await check(relay.tls, options(relay, context))
    assert report.ok
    assert Cause.TLS_EXPIRES_SOON in warned(report)


async def test_it_does_not_speak_tls_there(relay: Coturn) -> None:
    report = await check(f"turns:{OWN}:{relay.port}", options(relay))
    assert verdict(report) == (Step.TLS, Cause.TLS_NONE)


async def test_the_quota_of_the_user_is_used_up(tmp_path: Path) -> None:
    with coturn(tmp_path, "user-quota=1") as relay:
        given = options(relay)
        link = await open_udp((OWN, relay.port))
        async with Client(link, 2, given.login) as other:
            await other.challenge()
            await other.allocate()
            report = await check(relay.udp, given)
    assert verdict(report) == (Step.ALLOCATE, Cause.QUOTA)


async def test_the_quota_is_enough_for_one_side_only(tmp_path: Path) -> None:
    with coturn(tmp_path, "user-quota=1") as relay:
        report = await check(relay.udp, options(relay))
    assert report.ok
    assert Cause.QUOTA in warned(report)


async def test_every_relay_port_is_in_use(tmp_path: Path) -> None:
    port = free_port(OWN, socket.SOCK_DGRAM)
    with coturn(tmp_path, f"min-port={port}", f"max-port={port}") as relay:
        given = options(relay)
        link = await open_udp((OWN, relay.port))
        async with Client(link, 2, given.login) as other:
            await other.challenge()
            await other.allocate()
            report = await check(relay.udp, given)
    assert verdict(report) == (Step.ALLOCATE, Cause.CAPACITY)


async def test_every_peer_is_denied(tmp_path: Path) -> None:
    with coturn(tmp_path, "denied-peer-ip=0.0.0.0-255.255.255.255") as relay:
        report = await check(relay.udp, options(relay))
    assert verdict(report) == (Step.PERMISSION, Cause.PEER_DENIED)


async def test_it_only_says_what_our_address_is(relay: Coturn) -> None:
    report = await check(f"stun:{OWN}:{relay.port}", options(relay))
    assert report.ok
    assert Cause.NOT_A_RELAY in warned(report)


async def test_another_program_answers_there(relay: Coturn, tmp_path: Path) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(web, OWN, 0)
    port = server.sockets[0].getsockname()[1]
    report = await check(f"turn:{OWN}:{port}?transport=tcp", options(relay))
    server.close()
    await server.wait_closed()
    assert verdict(report) == (Step.BINDING, Cause.NOT_STUN)


@pytest.mark.parametrize(
    ("uri", "cause"),
    [
        ("https://turn.example", Cause.URI_GRAMMAR),
        ("turn://turn.example", Cause.URI_GRAMMAR),
        ("turns:turn.example?transport=udp", Cause.DTLS_URI),
    ],
)
async def test_the_uri_is_none(relay: Coturn, uri: str, cause: Cause) -> None:
    assert verdict(await check(uri, options(relay))) == (Step.URI, cause)
