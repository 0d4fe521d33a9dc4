"""The short probe, against a relay that runs, and one that does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.turn.client.certificates import Authority
from tests.turn.client.relays import OWN, Coturn, coturn
from turn.client.tls import client_context
from turn.credentials import mint
from turn.doctor.model import Step
from turn.doctor.probe import Outcome, probe
from voip.service.demo.processes import free_port


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Coturn]:
    folder = tmp_path_factory.mktemp("relay")
    with coturn(folder, certificate=authority.issue([OWN], 90)) as relay:
        yield relay


async def test_a_relay_that_works(relay: Coturn, authority: Authority) -> None:
    tls = client_context(authority.file)
    for uri in (relay.udp, relay.tcp, relay.tls):
        outcome = await probe(uri, relay.login(time.time()), tls=tls)
        assert outcome, outcome.reason
        assert outcome.uri == uri


async def test_a_credential_as_it_was_minted(relay: Coturn) -> None:
    assert await probe(relay.udp, mint(relay.secret, "monitor", 60, time.time()))


async def test_a_relay_of_another_secret(relay: Coturn) -> None:
    login = replace(relay, secret="another").login(time.time())
    outcome = await probe(relay.udp, login)
    assert not outcome
    assert outcome.failed is Step.ALLOCATE
    assert "401" in outcome.reason


async def test_what_can_fail_before(relay: Coturn) -> None:
    login = relay.login(time.time())
    closed = free_port(OWN, socket.SOCK_DGRAM)
    for uri, step in [
        ("http://relay", Step.URI),
        ("turns:relay?transport=udp", Step.URI),
        ("turn:relay.invalid", Step.DNS),
        (f"turn:{OWN}:{closed}?transport=tcp", Step.CONNECT),
        (f"turn:{OWN}:{closed}", Step.CHALLENGE),
        (relay.tls, Step.TLS),
    ]:
        assert (await probe(uri, login)).failed is step, uri


async def test_one_that_says_nothing_takes_no_longer_than_it_may(relay: Coturn) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((OWN, 0))
        uri = f"turn:{OWN}:{silent.getsockname()[1]}"
        outcome = await probe(uri, relay.login(time.time()), timeout=0.3)
    assert outcome.failed is Step.CHALLENGE


def test_under_uvloop_as_the_endpoint_runs_it(relay: Coturn, authority: Authority) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def work() -> list[Outcome]:
        tls, login = client_context(authority.file), relay.login(time.time())
        closed = f"turn:{OWN}:{free_port(OWN, socket.SOCK_DGRAM)}"
        uris = (relay.udp, relay.tcp, relay.tls, closed)
        return [await probe(uri, login, tls=tls, timeout=2) for uri in uris]

    outcomes = uvloop.run(work())
    assert [each.failed for each in outcomes] == [None, None, None, Step.CHALLENGE]
