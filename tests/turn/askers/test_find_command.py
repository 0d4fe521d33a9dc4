"""`matrix-turn find`, step by step, and as a process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.turn.askers.real_synapse import DELEGATED, HOST, NAME, RealSynapse
from tests.turn.askers.world import (
    PATIENCE,
    PUBLIC,
    USERINFO,
    Handler,
    LoopbackNetwork,
    World,
    says,
)
from turn.askers.find_command import Step, steps
from turn.askers.server_names import parse_server_name


async def taken(world: World, name: str) -> list[Step]:
    network = LoopbackNetwork(world)
    return [step async for step in steps(parse_server_name(name), network, PATIENCE)]


async def test_every_step_to_a_real_homeserver(world: World, real_synapse: RealSynapse) -> None:
    await world.well_known(NAME, DELEGATED)
    world.dns.add(f"_matrix._tcp.{DELEGATED}", "SRV", f"0 0 {real_synapse.tls_port} host.test.")
    world.dns.add("host.test", "A", HOST)
    place = f"host.test:{real_synapse.tls_port}"
    assert await taken(world, NAME) == [
        Step("well-known", None, f"{NAME} delegates to {DELEGATED}, to be kept for 86400 s"),
        Step("srv", None, f"_matrix-fed._tcp.{DELEGATED}: none"),
        Step("srv", None, f"_matrix._tcp.{DELEGATED}: {place}"),
        Step("route", None, f"{place}, with a certificate for {DELEGATED}"),
        Step("openid", True, f"{place} refuses a token that nobody has, as it should"),
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says({}, 404), "answered with status 404"),
        (says({"sub": "@a:hs.test:1"}), "vouches for somebody"),
        (says({"sub": "@a:other.test"}), "vouched for a user of another server"),
    ],
)
async def test_a_server_that_does_not_know_the_question(
    answer: Handler, words: str, world: World
) -> None:
    world.ports["hs.test", 1] = await world.serve({USERINFO: answer}, ["hs.test"])
    world.dns.add("hs.test", "A", PUBLIC)
    route, openid = await taken(world, "hs.test:1")
    assert route.name == "route"
    assert openid.ok is False
    assert words in openid.text


async def test_a_server_that_is_nowhere(world: World) -> None:
    *others, last = await taken(world, "nowhere.test")
    assert [step.name for step in others] == ["well-known", "srv", "srv", "route"]
    assert last.ok is False
    assert "no public address" in last.text


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from turn.cli import main; main()", "find", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_tells_programs_and_people() -> None:
    told = command("127.0.0.1:9", "--json")
    assert told.returncode == 1
    content = json.loads(told.stdout)
    assert (content["server_name"], content["ok"]) == ("127.0.0.1:9", False)
    assert content["steps"][-1]["text"] == "127.0.0.1:9: an address that is not public"
    people = command("127.0.0.1:9")
    assert people.returncode == 1
    assert "FAIL openid" in people.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["https://example.org"], "not the name of a Matrix server"),
        (["example.org", "--nameserver", "dns.example.org"], "takes an address"),
    ],
)
def test_bad_options(arguments: list[str], words: str) -> None:
    told = command(*arguments)
    assert told.returncode == 2
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_the_help_has_an_example() -> None:
    told = command("--help")
    assert told.returncode == 0
    assert "Example:" in told.stdout
