from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turn.coturn.plans import GOOD, SECRET
from turn.coturn.check import Level, check, parse
from turn.coturn.config import decisions, render, warnings
from turn.coturn.databases import database_secrets, redis_line
from turn.coturn.plan import External, Plan, PlanError, StaticSecrets, Tls, parse_range
from turn.coturn.version import Version
from turn.peers import dash_ranges

OLD, NEW = Version(4, 6, 1), Version(4, 17, 1)
ONLY_OLD = {"no-tlsv1", "no-tlsv1_1", "no-rfc5780", "no-stun-backward-compatibility", "no-dtls"}
ONLY_OLD |= {"no-cli", "no-software-attribute"}
ALWAYS = {"use-auth-secret", "fingerprint", "no-multicast-peers", "no-tcp-relay"}
WITH_TLS = replace(GOOD, tls=Tls("/tls/chain.pem", "/tls/key.pem"), tls_port=443)


def options(plan: Plan, version: Version) -> set[str]:
    return {one.option for one in decisions(plan, version)}


def values(plan: Plan, option: str, version: Version = OLD) -> list[str | None]:
    return [one.value for one in decisions(plan, version) if one.option == option]


def test_what_stands_in_every_file() -> None:
    for version in (OLD, NEW):
        assert options(GOOD, version) >= ALWAYS
        assert values(GOOD, "stale-nonce", version) == ["600"]
        assert values(GOOD, "user-quota", version) == ["12"]
        assert values(GOOD, "denied-peer-ip", version) == list(dash_ranges())
        assert values(GOOD, "allowed-peer-ip", version) == ["8.8.4.4"]


def test_what_old_ones_must_be_told_and_new_ones_do_not_know() -> None:
    assert options(WITH_TLS, OLD) >= ONLY_OLD
    assert not options(WITH_TLS, NEW) & ONLY_OLD
    assert options(WITH_TLS, Version(4, 8)) & ONLY_OLD == {"no-cli", "no-dtls"}
    assert options(WITH_TLS, Version(4, 10)) & ONLY_OLD == {"no-dtls"}


def test_versions_that_no_file_can_make_safe() -> None:
    with pytest.raises(PlanError, match="CVE-2020-26262"):
        decisions(GOOD, Version(4, 5, 2))


def test_tls() -> None:
    assert "no-tls" in options(GOOD, OLD)
    assert values(WITH_TLS, "tls-listening-port") == ["443"]
    assert values(WITH_TLS, "cert") == ["/tls/chain.pem"]


def test_nat_and_what_the_operator_allows() -> None:
    plan = replace(
        GOOD,
        listening=(ip_address("10.0.0.4"),),
        external=(External(ip_address("8.8.4.4"), ip_address("10.0.0.4")),),
        allowed_peers=(parse_range("10.0.0.9"),),
    )
    assert values(plan, "external-ip") == ["8.8.4.4/10.0.0.4"]
    assert values(plan, "relay-ip") == ["10.0.0.4"]
    assert values(plan, "allowed-peer-ip") == ["8.8.4.4", "10.0.0.9"]


def test_several_secrets_are_all_written_and_shown_to_nobody() -> None:
    plan = replace(GOOD, secrets=StaticSecrets((SECRET, SECRET[::-1])))
    lines = decisions(plan, OLD)
    assert render(lines, OLD, with_secrets=True).count("\nstatic-auth-secret=") == 2
    shown = render(lines, OLD, with_secrets=False)
    assert SECRET not in shown + repr(lines)
    assert not any(one.name == "static-auth-secret" for one in parse(shown))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("sqlite:/var/lib/turn/turndb", "userdb=/var/lib/turn/turndb"),
        ("sqlite:///var/lib/turn/turndb", "userdb=/var/lib/turn/turndb"),
        ("postgresql://turn@db/turn", "psql-userdb=postgresql://turn@db/turn"),
        ("redis://db", "redis-userdb=ip=db dbname=0 port=6379 connect_timeout=10"),
        ("redis://db:7000/3", "redis-userdb=ip=db dbname=3 port=7000 connect_timeout=10"),
    ],
)
def test_databases_in_the_words_of_coturn(place: str, line: str) -> None:
    text = render(
        decisions(replace(GOOD, secrets=database_secrets(place)), OLD), OLD, with_secrets=False
    )
    assert line in text.splitlines()
    assert "static-auth-secret" not in text


@pytest.mark.parametrize("place", ["postgresql://turn:hunter2@db/turn", "redis://:hunter2@db/0"])
def test_passwords_of_databases_are_shown_to_nobody(place: str) -> None:
    plan = replace(GOOD, secrets=database_secrets(place))
    assert "hunter2" in render(decisions(plan, OLD), OLD, with_secrets=True)
    assert "hunter2" not in render(decisions(plan, OLD), OLD, with_secrets=False)
    plan = replace(GOOD, statsdb=redis_line("redis-statsdb", "redis://:hunter2@db/0"))
    assert "hunter2" not in render(decisions(plan, OLD), OLD, with_secrets=False)


@pytest.mark.parametrize(
    "place",
    ["sqlite:turndb", "rediss://db/0", "redis://:a%20b@db/0", "redis://db/x", "redis:///0"],
)
def test_databases_that_coturn_cannot_use(place: str) -> None:
    with pytest.raises(PlanError) as caught:
        database_secrets(place)
    assert "a b" not in str(caught.value)


def test_thoughts() -> None:
    text = " ".join(warnings(GOOD, OLD))
    assert "CVE-2026-27624" in text
    assert "without TLS" in text
    assert "to rotate them while it runs" in text
    assert "CVE" not in " ".join(warnings(WITH_TLS, NEW))
    assert "CAP_NET_BIND_SERVICE" in " ".join(warnings(WITH_TLS, NEW))


PORTS = st.tuples(st.integers(1, 65_535), st.integers(1, 65_535))


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([Version(4, 6), OLD, Version(4, 7), NEW]),
    st.sampled_from([GOOD, WITH_TLS, replace(GOOD, private_network=True)]),
    PORTS,
    st.integers(0, 3000),
    st.sampled_from(["8.8.4.4", "10.0.0.4", "2a00:1450::1", "::ffff:8.8.4.4"]),
)
def test_whatever_is_written_is_found_safe(
    version: Version, base: Plan, ports: tuple[int, int], quota: int, address: str
) -> None:
    plan = replace(
        base,
        external=(External(ip_address(address)),),
        relay_ports=ports,
        total_quota=quota,
    )
    try:
        lines = decisions(plan, version)
    except PlanError:
        return
    for with_secrets in (True, False):
        found = check(render(lines, version, with_secrets=with_secrets), version)
        unsafe = [one.text for one in found if one.level is Level.UNSAFE]
        assert unsafe == [] if with_secrets else len(unsafe) == 1
