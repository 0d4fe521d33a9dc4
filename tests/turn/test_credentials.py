"""The TURN REST scheme, against a password that a relay in use accepts."""

from __future__ import annotations

import re

import pytest

from turn.credentials import Credentials, mint, relay_id_of, sign


def test_the_known_vector() -> None:
    assert sign("foobar", "1599491771") == "Tpz/nKkyvX/vMSLKvL4sbtBt8Vs="


def test_the_username_carries_the_expiry_and_is_what_is_signed() -> None:
    minted = mint("foobar", "caller", 3600, now=1_599_488_171.9)
    assert minted.username == "1599491771:caller"
    assert minted.expires == 1_599_491_771
    assert minted.password == sign("foobar", minted.username)


@pytest.mark.parametrize(
    ("secret", "relay_id", "ttl", "why"),
    [
        ("", "caller", 60, "secret"),
        ("foobar", "", 60, "empty"),
        ("foobar", "@user:example.org", 60, "colon"),
        ("foobar", "caller", 0, "longer than 0"),
        ("foobar", "x" * 498, 60, "508"),
    ],
)
def test_what_a_relay_would_misread_is_refused(
    secret: str, relay_id: str, ttl: int, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        mint(secret, relay_id, ttl, now=1_599_491_771)


def test_the_longest_username() -> None:
    minted = mint("foobar", "x" * 497, 1, now=1_599_491_771)
    assert len(minted.username) == 508


def test_the_id_is_stable_keyed_and_hides_the_user() -> None:
    first = relay_id_of("key", "@alice:example.org")
    assert first == relay_id_of("key", "@alice:example.org")
    assert first != relay_id_of("key", "@bob:example.org")
    assert first != relay_id_of("another key", "@alice:example.org")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", first)


def test_the_password_is_not_shown_in_a_repr() -> None:
    minted = mint("foobar", "caller", 60, now=0)
    assert repr(minted) == "Credentials(expires=60)"
    assert isinstance(minted, Credentials)
    assert minted.password not in f"{minted} {minted!r}"
