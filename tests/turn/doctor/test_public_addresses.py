"""The whole command, between two machines with public-looking addresses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.turn.client.relays import Coturn, coturn
from tests.turn.doctor.namespaces import INNER, RELAY, Namespaces, namespaces

PORTS = (3478, 5349)  # a namespace has them for itself
COMMAND = (sys.executable, "-c", "from turn.cli import main; main()")
READY = "IO method (general relay thread)"


@pytest.fixture(scope="module")
def spaces() -> Iterator[Namespaces]:
    with namespaces() as spaces:
        yield spaces


def check(spaces: Namespaces, relay: Coturn, folder: Path) -> tuple[int, dict[str, Any]]:
    secret = folder / "secret"
    secret.write_text(relay.secret + "\n")
    command = [*spaces.caller, *COMMAND, "check", f"turn:{RELAY}", "--json"]
    done = subprocess.run(
        [*command, "--secret-file", str(secret), "--timeout", "3"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found["relays"][0]


def warned(report: dict[str, Any]) -> list[str]:
    return [each["cause"] for each in report["steps"] if each["verdict"] == "warning"]


def test_a_public_relay_has_nothing_to_be_said_about(spaces: Namespaces, tmp_path: Path) -> None:
    with coturn(tmp_path, address=RELAY, prefix=spaces.relay, ports=PORTS, ready=READY) as relay:
        status, report = check(spaces, relay, tmp_path)
    assert (status, report["ok"], warned(report)) == (0, True, [])
    assert all(each["verdict"] == "ok" for each in report["steps"])


def test_external_ip_is_missing(spaces: Namespaces, tmp_path: Path) -> None:
    lines = (f"relay-ip={INNER}", "denied-peer-ip=192.168.0.0-192.168.255.255")
    with coturn(
        tmp_path,
        *lines,
        address=RELAY,
        relay_ip=False,
        prefix=spaces.relay,
        ports=PORTS,
        ready=READY,
    ) as relay:
        status, report = check(spaces, relay, tmp_path)
    assert (status, report["failed"], report["cause"]) == (
        1,
        "relay-address",
        "relay-address-private",
    )


def test_its_own_address_is_denied_and_ours_is_not(spaces: Namespaces, tmp_path: Path) -> None:
    lines = (f"denied-peer-ip={RELAY}",)
    with coturn(
        tmp_path, *lines, address=RELAY, prefix=spaces.relay, ports=PORTS, ready=READY
    ) as relay:
        status, report = check(spaces, relay, tmp_path)
    assert (status, report["ok"], warned(report)) == (0, True, ["own-address-denied"])


def test_the_relay_ports_are_closed(spaces: Namespaces, tmp_path: Path) -> None:
    """The relay's packets to its own relayed addresses are dropped, and those from outside."""
    rules = "add table ip t; add chain ip t in { type filter hook input priority 0; }; "
    rules += "add rule ip t in udp dport 49152-65535 drop"
    nft = [*spaces.relay, "nft"]
    if subprocess.run([*nft, rules], check=False, capture_output=True).returncode:
        pytest.skip("the command nft is missing or may not filter: apt-get install nftables")
    try:
        with coturn(
            tmp_path, address=RELAY, prefix=spaces.relay, ports=PORTS, ready=READY
        ) as relay:
            status, report = check(spaces, relay, tmp_path)
    finally:
        subprocess.run([*nft, "delete table ip t"], check=True)
    assert (status, report["failed"], report["cause"]) == (1, "echo", "echo-lost")
