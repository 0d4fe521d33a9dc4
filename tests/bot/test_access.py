"""Whose calls are taken: patterns, deny before allow, and what is no pattern."""

from __future__ import annotations

import pytest

from voip.bot.access import AccessRules, parse

ROOM = "!room:example.org"


def rules(allow: str | None = None, deny: str = "") -> AccessRules:
    split = None if allow is None else tuple(map(parse, allow.split()))
    return AccessRules(split, tuple(map(parse, deny.split())))


@pytest.mark.parametrize(
    ("allow", "deny", "user", "admitted"),
    [
        (None, "", "@ann:x.org", True),
        ("", "", "@ann:x.org", False),
        ("@ann:x.org", "", "@ann:x.org", True),
        ("@ann:x.org", "", "@Ann:x.org", False),
        ("@ann:x.org", "", "@annx:x.org", False),
        ("@*:x.org", "", "@ann:x.org.evil.net", False),
        ("@a?n:x.org", "", "@ann:x.org", True),
        ("x.org", "", "@ann:x.org", True),
        ("x.org", "", "@ann:x.org:8448", False),
        ("x.org:8448", "", "@ann:x.org:8448", True),
        ("*.x.org", "", "@ann:x.org", False),
        ("*.x.org", "", "@ann:a.b.x.org", True),
        ("x-org", "", "@ann:x.org", False),
        ("[::1]:80", "", "@ann:[::1]:80", True),
        (ROOM, "", "@anybody:y", True),
        ("!other:x", "", "@anybody:y", False),
        ("x.org", "@eve:x.org", "@eve:x.org", False),
        ("@eve:x.org", "x.org", "@eve:x.org", False),
        (ROOM, "x.org", "@eve:x.org", False),
        (None, "@eve:x.org", "@EVE:x.org", False),
        (None, "x.org", "@eve:X.ORG", False),
        (None, "x.org", "@eve:x.org:443", False),
        (None, "@eve:x.org", "@eve:x.org:443", False),
        (None, "[::1]", "@eve:[::1]:443", False),
        (None, "x.org:443", "@eve:x.org", True),
        (None, ROOM, "@ann:x.org", False),
        (None, "x.org", "@eve:xxorg", True),
        (None, "*", "@eve:anything", False),
    ],
)
def test_deny_wins_and_allow_is_strict(
    allow: str | None, deny: str, user: str, admitted: bool
) -> None:
    assert rules(allow, deny).admit(user, ROOM) is admitted


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "@ann", "@ann:", "#alias:x.org", "!", "x org", "https://x.org", "@a b:x", "x/y"),
        *("a" * 256, "@ann:x.org, @bob:x.org", "[::1", "x.org:123456", "é.org"),
    ],
)
def test_what_is_no_pattern_is_said_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        parse(text)
    assert not text or len(text) < 3 or text not in str(caught.value)


def test_stars_do_not_cost_much() -> None:
    pattern = parse("*a*a*a*a*.x".replace("a", "a**"))
    assert not rules(None, pattern.text).deny[0].denies("@x:" + "a" * 240, ROOM)
