from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from tests.turn.coturn.plans import GOOD
from turn.coturn.plan import (
    DatabaseSecrets,
    External,
    PlanError,
    Range,
    StaticSecrets,
    Tls,
    parse_external,
    parse_range,
    problems,
)


def behind_nat(*pairs: str) -> tuple[External, ...]:
    return tuple(map(parse_external, pairs))


def test_a_good_plan_has_no_problems() -> None:
    assert problems(GOOD) == []
    assert problems(replace(GOOD, external=behind_nat("8.8.4.4/10.0.0.4"))) == []
    assert problems(replace(GOOD, allowed_peers=(parse_range("10.0.0.4"),))) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"realm": ""}, "the realm is missing"),
        ({"realm": "a b"}, "the realm is missing or holds"),
        ({"secrets": StaticSecrets(())}, "there is no shared secret"),
        ({"secrets": StaticSecrets(("",))}, "fewer than 32 characters"),
        ({"secrets": StaticSecrets(("short",))}, "fewer than 32 characters"),
        ({"secrets": StaticSecrets(("x" * 40 + "#",))}, "coturn may misread"),
        ({"secrets": StaticSecrets(("x" * 40 + "\nno-auth",))}, "coturn may misread"),
        ({"secrets": DatabaseSecrets("userdb", "/db\nno-auth")}, "userdb holds characters"),
        ({"tls": Tls("/chain.pem", "/key.pem\nno-auth")}, "--key holds characters"),
        ({"pidfile": "/run/#pid"}, "--pidfile holds characters"),
        ({"external": ()}, "nobody can tell at which address"),
        ({"external": behind_nat("10.0.0.4")}, "10.0.0.4 is an address that the internet"),
        ({"external": behind_nat("fd00::4")}, "fd00::4 is an address that the internet"),
        ({"external": (), "listening": (ip_address("192.168.1.2"),)}, "192.168.1.2 is an address"),
        ({"external": behind_nat("8.8.4.4", "2a00:1450::1")}, "need their own addresses each"),
        ({"external": behind_nat("8.8.4.4/fd00::4")}, "maps IPv4 to IPv6"),
        (
            {"external": behind_nat("8.8.4.4/10.0.0.4"), "listening": (ip_address("10.0.0.5"),)},
            "give --listening-ip 10.0.0.4 too",
        ),
        ({"relay_ports": (50_000, 49_000)}, "ends before it begins"),
        ({"relay_ports": (500, 3_000)}, "reaches below 1024"),
        ({"relay_ports": (3_000, 5_000)}, "--port 3478 lies in the relay's port range"),
        ({"tls_port": 50_000}, "--tls-port 50000 lies in the relay's port range"),
        ({"tls_port": 3478}, "are both 3478"),
        ({"port": 0}, "from 1 to 65535"),
        ({"relay_ports": (60_000, 70_000)}, "from 1 to 65535"),
        ({"relay_ports": (50_000, 50_099)}, "has 100 ports, fewer than the 1200"),
        ({"other_ports": ((50_000, 60_000),)}, "overlaps the ports 50000-60000"),
        ({"other_ports": ((40_000, 49_152),)}, "overlaps the ports 40000-49152"),
        ({"user_quota": 0}, "0 would mean no limit"),
        ({"total_quota": 5}, "at least --user-quota"),
        ({"max_bps": 0}, "--max-bps is at least 1"),
        ({"bps_capacity": 100}, "--bps-capacity is 0"),
        ({"allowed_peers": (parse_range("8.0.0.0-8.255.255.255"),)}, "opens more than a /24"),
        ({"allowed_peers": (parse_range("fd00::-fdff::"),)}, "opens more than a /24"),
        ({"allowed_peers": (parse_range("10.0.0.1-10.0.0.9"),)}, "opens private addresses"),
        ({"allowed_peers": (parse_range("::-::1"),)}, "no lower end at all"),
    ],
)
def test_what_is_unsafe_or_would_not_work(change: dict[str, Any], complaint: str) -> None:
    found = problems(replace(GOOD, **change))
    assert len(found) == 1, found
    assert complaint in found[0]


def test_private_networks_on_purpose() -> None:
    plan = replace(
        GOOD,
        external=behind_nat("10.0.0.4"),
        private_network=True,
        allowed_peers=(parse_range("10.0.1.0-10.0.1.255"),),
    )
    assert problems(plan) == []
    wide = replace(plan, allowed_peers=(parse_range("10.0.0.0-10.0.1.255"),))
    assert len(problems(wide)) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.0/8", "coturn reads no prefixes"),
        ("10.0.0.9-10.0.0.1", "ends before it begins"),
        ("10.0.0.9-::1", "ends before it begins"),
        ("example.org", "is no range of addresses"),
        ("10.0.0.1-", "is no range of addresses"),
        ("::", "means every address"),
        ("0.0.0.0-0.0.0.0", "means every address"),
        ("", "is no range of addresses"),
    ],
)
def test_what_is_no_range(text: str, complaint: str) -> None:
    with pytest.raises(PlanError, match=complaint):
        parse_range(text)


def test_ranges() -> None:
    assert parse_range("10.0.0.1") == Range(ip_address("10.0.0.1"), ip_address("10.0.0.1"))
    assert str(parse_range("10.0.0.1 - 10.0.0.9")) == "10.0.0.1-10.0.0.9"


@pytest.mark.parametrize("text", ["", "x", "8.8.4.4/", "8.8.4.4/x", "8.8.4.4/24"])
def test_what_is_no_external_address(text: str) -> None:
    with pytest.raises(PlanError, match="is no external address"):
        parse_external(text)


def test_a_plan_prints_no_secret() -> None:
    assert "s3cret" not in repr(GOOD)
    hidden = DatabaseSecrets("psql-userdb", "postgresql://turn:hunter2@there/turn", True)
    assert "hunter2" not in repr(replace(GOOD, secrets=hidden))
