"""What facts mean: scopes, expiry, codes. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.client.errors import ErrorResponse
from turn.client.messages import Login
from turn.client.tls import CertificateFacts
from turn.doctor import judge
from turn.doctor.causes import Cause, remedy
from turn.doctor.judge import Scope, Times
from turn.doctor.model import Verdict
from turn.doctor.offer import Offer, judge_clock, judge_families, judge_lifetime, judge_uris

UNSPECIFIED = "0.0.0.0"  # noqa: S104 - nothing binds to it
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("8.8.8.8", Scope.PUBLIC),
        ("10.0.0.1", Scope.PRIVATE),
        ("100.64.0.1", Scope.PRIVATE),
        ("192.0.2.1", Scope.PRIVATE),
        ("169.254.1.1", Scope.LINK),
        ("127.0.0.1", Scope.LOOPBACK),
        (UNSPECIFIED, Scope.NOWHERE),
        ("224.0.0.1", Scope.NOWHERE),
        ("2606:4700::1", Scope.PUBLIC),
        ("fd00::1", Scope.PRIVATE),
        ("fe80::1", Scope.LINK),
        ("::1", Scope.LOOPBACK),
        ("::ffff:10.0.0.1", Scope.PRIVATE),
    ],
)
def test_scopes(address: str, scope: Scope) -> None:
    assert judge.scope_of(address) is scope


@pytest.mark.parametrize(
    ("server", "relayed", "verdict", "cause"),
    [
        ("8.8.8.8", "8.8.8.8", Verdict.OK, None),
        ("10.0.0.1", "8.8.8.8", Verdict.OK, None),
        ("8.8.8.8", "10.0.0.5", Verdict.FAILED, Cause.RELAY_ADDRESS_PRIVATE),
        ("8.8.8.8", UNSPECIFIED, Verdict.FAILED, Cause.RELAY_ADDRESS_PRIVATE),
        ("10.0.0.1", "127.0.0.1", Verdict.FAILED, Cause.RELAY_ADDRESS_PRIVATE),
        ("10.0.0.1", "10.0.0.1", Verdict.WARNING, Cause.RELAY_ADDRESS_LOCAL),
        ("127.0.0.1", "127.0.0.1", Verdict.WARNING, Cause.RELAY_ADDRESS_LOCAL),
    ],
)
def test_a_relay_gives_out_what_is_as_public_as_itself(
    server: str, relayed: str, verdict: Verdict, cause: Cause | None
) -> None:
    finding = judge.relay_address(server, relayed)
    assert (finding.verdict, finding.cause) == (verdict, cause)


@pytest.mark.parametrize(
    ("username", "expiry"),
    [
        ("1800000060:user", 1_800_000_060),
        ("1800000060", 1_800_000_060),
        ("user:1800000060", 1_800_000_060),
        ("user", None),
        ("12:user", None),
        ("", None),
        ("9" * 5000, None),
        ("²³", None),
    ],
)
def test_when_a_username_ends(username: str, expiry: int | None) -> None:
    assert judge.expiry_of(username) == expiry


@pytest.mark.parametrize(
    ("left", "verdict", "cause"),
    [
        (3600, Verdict.OK, None),
        (599, Verdict.WARNING, Cause.CREDENTIAL_EXPIRES_SOON),
        (0, Verdict.FAILED, Cause.CREDENTIAL_EXPIRED),
        (-1, Verdict.FAILED, Cause.CREDENTIAL_EXPIRED),
    ],
)
def test_a_credential_and_its_end(left: int, verdict: Verdict, cause: Cause | None) -> None:
    finding = judge.credential(f"{int(NOW) + left}:user", Times(NOW))
    assert (finding.verdict, finding.cause) == (verdict, cause)


@given(st.integers(300, 699), st.text(max_size=30))
def test_every_error_code_has_a_cause_and_a_remedy(code: int, text: str) -> None:
    finding = judge.allocate_failure(ErrorResponse(code, text), "user", Times(NOW))
    assert finding.verdict is Verdict.FAILED
    assert finding.remedy


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_remedy(cause: Cause) -> None:
    assert remedy(cause).endswith(".")


@pytest.mark.parametrize(("days", "verdict"), [(90, Verdict.OK), (13, Verdict.WARNING)])
def test_a_certificate_that_ends_soon(days: int, verdict: Verdict) -> None:
    end = datetime.fromtimestamp(NOW, UTC) + timedelta(days=days, hours=1)
    finding = judge.certificate(CertificateFacts("TLSv1.3", end), NOW)
    assert finding.verdict is verdict
    assert f"{days} days left" in finding.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "less than 1 s"), (59, "59 s"), (3600, "1 h"), (3725, "1 h 2 min"), (90061, "1 d 1 h")],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert judge.duration(seconds) == text


@given(st.text())
def test_what_a_stranger_sent_is_made_fit_for_a_terminal(text: str) -> None:
    shown = judge.printable(text)
    assert shown.isprintable()
    assert len(shown) <= 60


def offer(*uris: str, ttl: float | None = 3600, signed: float = 4500) -> Offer:
    return Offer(uris, Login(f"{int(NOW + signed)}:user", "password"), ttl)


def causes(*findings: object) -> set[object]:
    return {each.cause for each in findings if hasattr(each, "cause") and each.cause}


def test_an_offer_with_everything() -> None:
    good = offer("turn:a.example", "turns:a.example:443?transport=tcp")
    assert causes(*judge_lifetime(good, NOW), *judge_uris(good)) == set()
    assert causes(judge_clock(2, 0.1), judge_families(["192.0.2.1", "2001:db8::1"])) == set()


def test_what_an_offer_may_lack() -> None:
    assert causes(*judge_uris(offer("turn:a.example"))) == {Cause.NO_TLS_URI}
    assert causes(*judge_uris(offer("turns:a.example"))) == {Cause.NO_PORT_443}
    assert causes(*judge_uris(offer("http://a", "turns:a?transport=udp"))) == {Cause.NO_TLS_URI}
    assert causes(judge_families(["192.0.2.1"])) == {Cause.NO_IPV6}
    assert causes(*judge_lifetime(offer(ttl=600), NOW)) == {Cause.TTL_SHORT}
    assert causes(*judge_lifetime(offer(ttl=None), NOW)) == {Cause.TTL_SHORT}
    assert causes(*judge_lifetime(offer(ttl=86400), NOW)) == {Cause.TTL_BEYOND}


@pytest.mark.parametrize("ahead", [-4000.0, 31.0])
def test_a_clock_that_is_wrong(ahead: float) -> None:
    assert judge_clock(ahead, 0.5).cause is Cause.CLOCK_SKEW
