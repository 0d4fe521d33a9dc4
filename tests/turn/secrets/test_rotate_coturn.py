"""A rotation beside a real coturn: what was signed before, during and after it is accepted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.turn.coturn_process import require_coturn, running_coturn
from tests.turn.ports import listening_port
from tests.turn.secrets.places import Place, fresh_place
from tests.turn.turn_client import OK, TurnClient, allocation_code
from turn.cli import app
from turn.coturn.config import decisions, render
from turn.coturn.databases import database_secrets
from turn.coturn.plan import Plan
from turn.coturn.version import installed
from turn.credentials import Credentials, mint
from turn.secrets.live import LiveSecrets
from turn.secrets.rotate import Order, Surroundings, Walk
from turn.secrets.rotation import AT_ONCE, Change, Pace, Phase, Snapshot
from turn.secrets.store import SecretStore

PACE = Pace(spread=60, lifetime=120)


class Killed(BaseException):
    """As if by kill -9 between two commits."""


class Mortal:
    """A store whose user dies just before or just after one of its commits."""

    def __init__(self, store: SecretStore, *, after: bool) -> None:
        self._store = store
        self._after = after
        self.where = store.where

    async def read(self) -> Snapshot:
        return await self._store.read()

    async def commit(self, before: Snapshot, change: Change) -> None:
        if self._after:
            await self._store.commit(before, change)
        raise Killed


async def config(place: Place, port: int, folder: Path) -> Path:
    plan = Plan(
        realm=place.realm,
        secrets=database_secrets(place.url),
        listening=(ip_address("127.0.0.1"),),
        port=port,
        private_network=True,
        user_quota=1000,  # coturn counts an allocation for a moment after its end
        pidfile=str(folder / "pid"),
    )
    version = (await installed()).version
    file = folder / "turnserver.conf"
    file.touch(0o600)
    file.write_text(render(decisions(plan, version), version, with_secrets=True))
    return file


class Issuer:
    """Signs with what the place says, and remembers what it has signed and with which."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.signed: list[tuple[str, Credentials]] = []

    async def sign(self) -> str:
        signing = (await LiveSecrets(self._place.store()).secrets()).signing
        self.signed.append((signing, mint(signing, "somebody", PACE.lifetime, time.time())))
        return signing


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "redis"])
async def test_nothing_is_refused_however_often_the_rotation_is_killed(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = await fresh_place(kind, tmp_path, request)
    await Walk(place.store(), Order(PACE)).run()  # the first secret
    server = ("127.0.0.1", listening_port("127.0.0.1", socket.SOCK_DGRAM))
    clock = time.time()

    async def sleep(seconds: float) -> None:
        nonlocal clock
        clock += seconds

    around = Surroundings(now=lambda: clock, sleep=sleep)
    issuer = Issuer(place)
    old = await issuer.sign()
    require_coturn()
    file = await config(place, server[1], tmp_path)
    with running_coturn(file, server):
        phases = []
        for after in (False, True) * 5:  # before and after each of the five commits
            with pytest.raises(Killed):
                await Walk(Mortal(place.store(), after=after), Order(PACE), around=around).run()
            there = await place.store().read()
            assert there.rotation is not None
            phases.append(there.rotation.phase)
            await issuer.sign()
            for signing, credentials in issuer.signed:
                expected = OK if signing in there.values else 401
                assert await allocation_code(server, credentials) == expected
        assert phases == [
            *[Phase.STEADY] * 1,
            *[Phase.SPREADING] * 4,
            *[Phase.RETIRING] * 4,
            *[Phase.STEADY] * 1,
        ]
        assert old not in there.values
        assert clock - time.time() > PACE.lifetime  # nothing that it signed is valid any more


async def test_a_leaked_secret_opens_nothing_any_more_and_what_is_open_stays_so(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    require_coturn()
    place = await fresh_place("sqlite", tmp_path, request)
    await Walk(place.store(), Order(PACE)).run()
    server = ("127.0.0.1", listening_port("127.0.0.1", socket.SOCK_DGRAM))
    issuer = Issuer(place)
    await issuer.sign()
    stolen = issuer.signed[0][1]
    file = await config(place, server[1], tmp_path)
    with running_coturn(file, server):
        async with TurnClient(server, stolen) as live:
            assert await live.allocate() == OK
            await Walk(place.store(), Order(AT_ONCE, leaked=True)).run()
            assert await allocation_code(server, stolen) == 401
            # coturn keeps the key of a session: docs/turn-coturn.md says how to end these.
            assert await live.refresh(600) == OK
            await issuer.sign()
            assert await allocation_code(server, issuer.signed[1][1]) == OK


def arguments(place: Place, *options: str) -> list[str]:
    return ["rotate", "--secrets", place.url, "--realm", place.realm, *options]


def run(place: Place, *options: str) -> Result:
    return CliRunner().invoke(app, arguments(place, *options))


def lines_of(place: Place, *options: str) -> list[dict[str, Any]]:
    done = run(place, "--json", *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_the_command_is_killed_looked_at_and_carried_on(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = asyncio.run(fresh_place(kind, tmp_path, request))
    assert [line["event"] for line in lines_of(place)] == ["added", "end"]
    script = [sys.executable, "-c", "from turn.cli import main; main()"]
    command = [*script, *arguments(place, "--json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        events = [json.loads(running.stdout.readline())["event"] for _ in range(3)]
        running.kill()
    assert events == ["added", "stamped", "wait"]
    [status] = lines_of(place, "--status")
    assert status["under_way"]
    assert len(status["accepted"]) == 2
    assert status["due"] == status["rotation"]["since"] + 120
    assert [line["event"] for line in lines_of(place, "--continue", "--once")] == ["wait", "end"]
    leaked = lines_of(place, "--leaked")
    assert [line["event"] for line in leaked].count("removed") == 2  # also what was about to sign
    assert leaked[-1]["accepted"] == [leaked[-1]["signing"]]
    assert leaked[-1]["signing"] not in status["accepted"]
    assert [line["event"] for line in lines_of(place, "--continue")] == ["end"]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_killed_at_any_instant_there_is_always_one_that_signs_and_is_accepted(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = asyncio.run(fresh_place(kind, tmp_path, request))
    lines_of(place)
    script = [sys.executable, "-c", "from turn.cli import main; main()"]
    dice = random.Random(5)  # noqa: S311 - moments to kill at, no secrets
    seen = set()
    for _ in range(40):
        with subprocess.Popen(
            [*script, *arguments(place, "--leaked")], stdout=subprocess.DEVNULL
        ) as running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(dice.uniform(0.2, 1.2))
            running.kill()
        [status] = lines_of(place, "--status")
        assert status["signing"] in status["accepted"]
        assert len(status["accepted"]) <= 2
        seen.add(status["signing"])
    assert len(seen) > 3  # some came far enough
    end = lines_of(place, "--leaked")[-1]
    assert end["accepted"] == [end["signing"]]
    assert list(tmp_path.glob(".*")) == []  # nor is anything left of those that were killed


def test_no_command_prints_a_secret(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = asyncio.run(fresh_place("sqlite", tmp_path, request))
    printed = ""
    values: set[str] = set()
    for options in ([], ["--once"], ["--status"], ["--once", "--json"], ["--leaked"]):
        printed += run(place, *options).output
        values |= set(asyncio.run(place.store().read()).values)
    assert len(values) == 3
    assert "signs:" in printed
    assert not any(value in printed for value in values)


def test_secrets_of_others_are_pointed_out(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = asyncio.run(fresh_place("file", tmp_path, request))
    file = tmp_path / "secrets"
    file.touch(0o600)
    file.write_text("ours\nof another program\n".replace(" ", "-"))
    assert "others:" in run(place, "--status").output
    run(place, "--leaked")
    assert "of-another-program" in file.read_text()


@pytest.mark.parametrize(
    ("secrets", "status", "complaint"),
    [
        ("mysql://hunter2@there", 2, "none that is known; for example file:"),
        ("sqlite:", 2, "has no path"),
        ("redis:hunter2", 2, "no URL"),
        ("postgresql://[hunter2", 2, "no URL"),
        ("sqlite:/nowhere/turndb", 1, "unable to open database file"),
    ],
)
def test_a_wrong_place_is_said_and_not_quoted(secrets: str, status: int, complaint: str) -> None:
    done = run(Place("", secrets, "realm"), "--status")
    assert done.exit_code == status
    assert complaint in done.stderr
    assert "hunter2" not in done.output
    assert isinstance(done.exception, SystemExit)
