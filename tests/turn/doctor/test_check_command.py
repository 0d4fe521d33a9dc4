"""The command line of `check`: what it reads, refuses and prints."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.turn.client.relays import HARDENED, Coturn, coturn
from turn.cli import app
from turn.client.errors import NameFailed
from turn.client.names import resolve
from turn.client.tls import client_context
from turn.doctor.causes import Cause
from turn.doctor.check import CheckOptions
from turn.doctor.run import check_all

DOCUMENT = Path(__file__).parents[3] / "docs" / "turn-doctor.md"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with coturn(tmp_path_factory.mktemp("relay"), *HARDENED) as relay:
        yield relay


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *arguments], env={"COLUMNS": "140"})
    return done.exit_code, done.output


def test_a_given_user_and_password(relay: Coturn, tmp_path: Path) -> None:
    login = relay.login(time.time())
    password = tmp_path / "password"
    password.write_text(login.password + "\n")
    given = ["--username", login.username, "--password-file", str(password)]
    status, output = run(relay.udp, *given)
    assert status == 0
    assert "two allocations of the relay hear each other" in output
    assert login.password not in output
    assert login.username not in output
    status, output = run(relay.udp, "http://relay", *given, "--json")
    found = json.loads(output)
    assert (status, found["ok"]) == (1, False)
    assert [each["ok"] for each in found["relays"]] == [True, False]
    assert found["relays"][1]["steps"][-1]["remedy"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "give URIs"),
        (["turn:a", "--secret-file", "/nowhere/x"], "cannot be read"),
        (["turn:a", "--secret-file", "/dev/null"], "empty"),
        (["turn:a", "--username", "u"], "--password-file"),
        (["turn:a", "--username", "u", "--secret-file", __file__], "leave out"),
        (["turn:a", "--ca-file", __file__], "no PEM certificates"),
        (["turn:a", "--ca-file", "/nowhere/x"], "no PEM certificates"),
        (["--homeserver", "matrix.example.org"], "write https://"),
        (["--homeserver", "https://matrix.example.org"], "--token-file"),
        (["--homeserver", "https://ann:password@matrix.example.org"], "takes no user name"),
        (["turn:a"] * 101, "at most 100"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_tried(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], word: str
) -> None:
    monkeypatch.delenv("MATRIX_ACCESS_TOKEN", raising=False)
    status, output = run(*arguments)
    assert status == 2
    assert word in output


async def test_what_takes_too_long_is_reported_as_far_as_it_came(relay: Coturn) -> None:
    async def slow(host: str) -> list[str]:
        if host == "slow.example":
            await asyncio.Event().wait()
        return list(await resolve(host))

    options = CheckOptions(relay.login(time.time()), client_context(), resolve=slow)
    slow_one, good = await check_all(["turn:slow.example", relay.udp], options, within=1.5)
    assert slow_one.failure is not None
    assert slow_one.failure.cause is Cause.TIME_OVER
    assert "credential" in slow_one.failure.text
    assert good.ok


async def test_name_servers_that_never_answer(relay: Coturn) -> None:
    async def silent(_host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    options = CheckOptions(relay.login(time.time()), client_context(), timeout=0.2, resolve=silent)
    (report,) = await check_all(["turn:relay.example"], options, within=10)
    assert report.failure is not None
    assert report.failure.cause is Cause.NAME_SERVERS


async def test_every_address_of_a_name_is_checked(relay: Coturn) -> None:
    async def two(_host: str) -> list[str]:
        return [relay.address, "127.0.0.1"]

    options = CheckOptions(relay.login(time.time()), client_context(), timeout=1, resolve=two)
    (report,) = await check_all([f"turn:two.example:{relay.port}"], options, within=20)
    assert report.failure is not None
    assert report.failure.address == "127.0.0.1"
    assert report.failure.cause is Cause.NOTHING_LISTENS
    assert {each.address for each in report.findings} == {None, relay.address, "127.0.0.1"}


@pytest.mark.parametrize("host", ["relay.invalid", "a" * 64 + ".example", "é" * 100])
async def test_names_that_have_no_address(host: str) -> None:
    with pytest.raises(NameFailed):
        await resolve(host)


def test_the_document_has_every_cause_and_no_other() -> None:
    lines = DOCUMENT.read_text().splitlines()
    named = [line.split("`")[1] for line in lines if re.match(r"\| `.*\|.*\|.*\|.*\|$", line)]
    assert sorted(named) == sorted(each.value for each in Cause)
