from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turn.coturn.plans import GOOD, SECRET
from turn.coturn.check import Level, check, parse
from turn.coturn.config import decisions, render
from turn.coturn.version import Version

OLD = Version(4, 6, 1)
SAFE = render(decisions(GOOD, OLD), OLD, with_secrets=True)


def unsafe(text: str) -> list[str]:
    return [one.text for one in check(text, OLD) if one.level is Level.UNSAFE]


def without(line: str) -> str:
    lines = [one for one in SAFE.splitlines() if not one.startswith(line)]
    assert len(lines) < len(SAFE.splitlines())
    return "\n".join(lines)


def test_a_safe_file() -> None:
    assert check(SAFE, OLD) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("use-auth-secret", "nobody is asked for credentials"),
        ("static-auth-secret", "without a secret refuses everybody"),
        ("realm", "there is no realm"),
        ("no-multicast-peers", "multicast"),
        ("no-cli", "control port"),
        ("no-tcp-relay", "TCP connections"),
        ("denied-peer-ip=10.", "denied-peer-ip=10.0.0.0-10.255.255.255"),
        ("denied-peer-ip=::ffff:0:0-", "denied-peer-ip=::ffff:0:0-::ffff:ffff:ffff"),
        ("denied-peer-ip=::1-", "denied-peer-ip=::1-::ffff:ffff"),
    ],
)
def test_a_line_that_is_missing(line: str, complaint: str) -> None:
    [found] = unsafe(without(line))
    assert complaint in found


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("no-auth", "lets everybody relay"),
        ("allow-loopback-peers", "this machine's own services"),
        ("server-relay", "without their permission"),
        ("web-admin", "web administration"),
        ("denied-peer-ip=10.0.0.0/8", "coturn reads no prefixes"),
        ("allowed-peer-ip=10.0.0.0/8", "coturn reads no prefixes"),
        ("allowed-peer-ip=0.0.0.0-255.255.255.255", "this one opens 0.0.0.0/8"),
        ("allowed-peer-ip = ::-ffff::", "this one opens ::/96"),
        ("allowed-peer-ip=::", "means every address"),
        ("static-auth-secret=hunter2", "fewer than 32 characters"),
        ("static-auth-secret hunter2", "fewer than 32 characters"),
    ],
)
def test_a_line_too_many(line: str, complaint: str) -> None:
    findings = [one for one in check(f"{SAFE}{line}\n", OLD) if one.level is Level.UNSAFE]
    assert len(findings) == 1
    assert complaint in findings[0].text
    assert findings[0].line == len(SAFE.splitlines()) + 1
    assert "hunter2" not in repr(findings)


def test_ranges_that_cover_together_what_one_covers_alone() -> None:
    halves = "denied-peer-ip=10.128.0.0-10.255.255.255\ndenied-peer-ip=9.0.0.0-10.127.255.255\n"
    assert unsafe(without("denied-peer-ip=10.") + "\n" + halves) == []
    hole = halves.replace("10.128.0.0-", "10.128.0.1-")
    assert len(unsafe(without("denied-peer-ip=10.") + "\n" + hole)) == 1


@pytest.mark.parametrize("name", ["user-quota", "total-quota", "max-bps", "stale-nonce", "no-dtls"])
def test_advice(name: str) -> None:
    [found] = check(without(name), OLD)
    assert found.level is Level.ADVICE
    assert found.text.endswith(f"add {name}")


def test_options_that_the_installed_coturn_does_not_know() -> None:
    known = frozenset(one.name for one in parse(SAFE)) - {"no-cli"}
    [found] = check(SAFE, OLD, known)
    assert "has no option no-cli" in found.text


def test_an_empty_file_is_an_open_relay() -> None:
    assert any("nobody is asked for credentials" in text for text in unsafe(""))
    assert unsafe("# use-auth-secret\n") == unsafe("")


def test_settings_as_coturn_reads_them() -> None:
    text = "  realm = a=b \r\nno-cli\n\n=\n#no-tls\nuser x:y # z\n"
    assert [(one.name, one.value, one.line) for one in parse(text)] == [
        ("realm", "a=b", 1),
        ("no-cli", "", 2),
        ("=", "", 4),
        ("user", "x:y # z", 6),
    ]


def test_settings_do_not_print_their_values() -> None:
    assert SECRET not in repr(parse(SAFE))


@settings(deadline=None)
@given(st.text("ab-=# :.0\n\t/", max_size=80))
def test_any_text_is_looked_at(text: str) -> None:
    check(text, OLD)
