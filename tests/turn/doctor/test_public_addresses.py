"""The whole command, from one machine to relays of another, with public-looking addresses."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.turn.client.relays import coturn
from tests.turn.doctor.namespaces import namespaces

SECRET = "of all of them"
COMMAND = (sys.executable, "-c", "from turn.cli import main; main()")
READY = "IO method (general relay thread)"
INNER = "10.77.0.5"
NOBODY = "45.0.0.9"
RIGHT, NO_EXTERNAL_IP, OWN_DENIED, WRONG_EXTERNAL_IP, CLOSED = (
    f"45.0.0.{last}" for last in (11, 12, 13, 14, 15)
)
IPV6, IPV6_ON_REQUEST = "2a0f:45::11", "2a0f:45::12"
RELAYS: dict[str, list[str]] = {
    RIGHT: [f"relay-ip={RIGHT}"],
    NO_EXTERNAL_IP: [f"relay-ip={INNER}"],
    OWN_DENIED: [f"relay-ip={OWN_DENIED}", f"denied-peer-ip={OWN_DENIED}"],
    WRONG_EXTERNAL_IP: [f"relay-ip={WRONG_EXTERNAL_IP}", f"external-ip={NOBODY}"],
    CLOSED: [f"relay-ip={CLOSED}"],
    IPV6: [f"relay-ip={IPV6}", "allocation-default-address-family=keep"],
    IPV6_ON_REQUEST: [f"relay-ip={IPV6_ON_REQUEST}"],
}


@dataclass(frozen=True)
class Checked:
    status: int
    found: dict[str, Any]

    def relay(self, address: str) -> dict[str, Any]:
        return next(each for each in self.found["relays"] if address in each["uri"])

    def warned(self, address: str) -> list[str]:
        steps = self.relay(address)["steps"]
        return [each["cause"] for each in steps if each["verdict"] == "warning"]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """All relays at once: each start of the command costs seconds on a busy machine."""
    folder = tmp_path_factory.mktemp("public")
    secret = folder / "secret"
    secret.write_text(SECRET + "\n")
    with ExitStack() as stack:
        spaces = stack.enter_context(namespaces([*RELAYS, INNER]))
        spaces.close_relay_ports(CLOSED)
        for address, lines in RELAYS.items():
            relay = coturn(
                folder / address,
                *lines,
                address=address,
                relay_ip=False,
                secret=SECRET,
                prefix=spaces.relay,
                ports=(3478, 5349),
                ready=READY,
            )
            stack.enter_context(relay)
        uris = [f"turn:[{each}]" if ":" in each else f"turn:{each}" for each in RELAYS]
        command = [*spaces.caller, *COMMAND, "check", *uris, "--secret-file", str(secret), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    assert SECRET not in done.stdout + done.stderr
    return Checked(done.returncode, json.loads(done.stdout))


def test_one_bad_relay_is_enough_for_the_exit_status(checked: Checked) -> None:
    assert (checked.status, checked.found["ok"]) == (1, False)


@pytest.mark.parametrize("address", [RIGHT, IPV6])
def test_of_a_public_relay_there_is_nothing_to_say(checked: Checked, address: str) -> None:
    report = checked.relay(address)
    assert report["ok"]
    assert {each["verdict"] for each in report["steps"]} == {"ok"}


def test_external_ip_is_missing(checked: Checked) -> None:
    report = checked.relay(NO_EXTERNAL_IP)
    assert (report["failed"], report["cause"]) == ("relay-address", "relay-address-private")


def test_its_own_address_is_denied_and_ours_is_not(checked: Checked) -> None:
    assert checked.relay(OWN_DENIED)["ok"]
    assert checked.warned(OWN_DENIED) == ["own-address-denied"]


def test_external_ip_is_an_address_of_somebody_else(checked: Checked) -> None:
    """Allocations hear each other all the same: coturn does not send to its own external-ip."""
    assert checked.warned(WRONG_EXTERNAL_IP) == ["relay-ports"]


def test_the_relay_ports_are_closed(checked: Checked) -> None:
    report = checked.relay(CLOSED)
    assert (report["failed"], report["cause"]) == ("echo", "echo-lost")


def test_it_gives_ipv6_to_those_who_ask_for_it(checked: Checked) -> None:
    assert checked.relay(IPV6_ON_REQUEST)["ok"]
    assert checked.warned(IPV6_ON_REQUEST) == ["relay-family"]
