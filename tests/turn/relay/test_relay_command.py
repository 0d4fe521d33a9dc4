"""`matrix-turn relay`, as a program of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from tests.turn.relay.conftest import HERE, HERE6
from tests.turn.relay.endpoints import peer, through
from tests.turn.relay.test_serve import exchange
from turn.cli import app
from turn.relay.options import BadOptions
from turn.relay.relay_command import address_of
from voip.service.demo.certificate import certificate_for

PROGRAM = (sys.executable, "-c", "from turn.cli import main; main()", "relay")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets"
    path.write_text("newest\nolder\n")
    path.chmod(0o600)
    return path


@asynccontextmanager
async def running(*options: str) -> AsyncIterator[tuple[dict[str, Any], list[bytes]]]:
    """What it prints when it is ready; and when it has ended, its log."""
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "--realm", "example.org", "--json", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    log: list[bytes] = []
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            yield json.loads(await process.stdout.readline()), log
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            log.append((await process.communicate())[1])
    assert process.returncode == 0, log


async def test_it_serves_until_it_is_told_to_stop(secret_file: Path, tmp_path: Path) -> None:
    certificate_for(HERE, tmp_path)
    pem = str(tmp_path / "certificate.pem")
    async with running(
        *("--listen", f"{HERE}:0", "--listen", f"[{HERE6}]:0", "--listen-tls", f"{HERE}:0"),
        *("--cert", pem, "--key", pem, "--secret-file", str(secret_file)),
        *("--allow-peer", "127.0.0.0/8", "--metrics", f"{HERE}:0"),
    ) as (ready, log):
        assert [uri.partition(":")[0] for uri in ready["uris"]] == ["turn"] * 4 + ["turns"]
        ports = [int(uri.partition("?")[0].rpartition(":")[2]) for uri in ready["uris"]]
        plain, tls = (HERE, ports[0]), (HERE, ports[4])
        for server, transport, secret in (
            (plain, "udp", "newest"),
            (plain, "tcp", "older"),
            (tls, "tls", "newest"),
        ):
            async with (
                through(server, transport=transport, secret=secret) as client,
                peer() as other,
            ):
                await exchange(client, other)
        async with aiohttp.ClientSession() as session, session.get(ready["metrics"]) as response:
            text = await response.text()
        assert "turn_relay_allocated_total 3.0" in text
    assert b"the relay is ready" in log[0]
    assert b"newest" not in log[0]
    assert b"caller" not in log[0]


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (("--listen", f"{HERE}:0"), 2, "--secret-file"),
        (("--listen", HERE, "--secret-file", "SECRETS"), 2, "no address with a port"),
        (("--listen", "0.0.0.0:0", "--secret-file", "SECRETS"), 2, "which one to relay from"),
        (("--listen", f"{HERE}:0", "--secret-file", "/nowhere/x"), 1, "/nowhere"),
        (("--listen", "198.51.100.7:0", "--secret-file", "SECRETS"), 1, "cannot start"),
        (
            ("--listen", f"{HERE}:0", "--secret-file", "SECRETS", "--ports", "5"),
            2,
            "range of ports",
        ),
        (("--listen", f"{HERE}:0", "--secret-file", "SECRETS", "--allow-peer", "x"), 2, "network"),
        (("--listen-tls", f"{HERE}:0", "--secret-file", "SECRETS"), 2, "--cert"),
    ],
)
def test_what_is_wrong_is_said(
    secret_file: Path, options: tuple[str, ...], status: int, word: str
) -> None:
    given = [str(secret_file) if each == "SECRETS" else each for each in options]
    result = CliRunner().invoke(app, ["relay", "--realm", "example.org", *given])
    assert result.exit_code == status
    assert word in result.stderr
    assert "newest" not in result.output


def test_a_certificate_that_is_none(secret_file: Path) -> None:
    tls = ("--listen-tls", f"{HERE}:0", "--cert", str(secret_file), "--key", str(secret_file))
    options = ["relay", "--realm", "example.org", "--secret-file", str(secret_file), *tls]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert "no certificate" in result.stderr


def test_help_has_an_example() -> None:
    result = CliRunner().invoke(app, ["relay", "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output


@pytest.mark.parametrize("text", ["", "9.9.9.9", "2620:fe::9:3478", ":x", "9.9.9.9:70000", "a:-1"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(BadOptions, match="such as"):
        address_of(text)


def test_addresses() -> None:
    assert address_of("9.9.9.9:3478") == ("9.9.9.9", 3478)
    assert address_of("[2620:fe::9]:0") == ("2620:fe::9", 0)
