"""Single values of a content."""

from __future__ import annotations

from typing import Any

import pytest

from voip.signalling import fields


@pytest.mark.parametrize(
    ("common", "party_id", "version"),
    [
        ({"party_id": "PHONE", "version": "1"}, "PHONE", 1),
        ({"party_id": "PHONE", "version": 1}, "PHONE", 1),
        ({"party_id": "PHONE", "version": "0"}, "PHONE", 1),  # a string is no version 0
        ({"party_id": "PHONE", "version": "2"}, "PHONE", 1),
        ({"party_id": "PHONE", "version": None}, "PHONE", 1),
        ({"party_id": "PHONE", "version": False}, "PHONE", 1),
        ({"party_id": "PHONE"}, "PHONE", 1),  # a hangup without its version
        ({"version": 0}, None, 0),
        ({"party_id": "PHONE", "version": 0}, "PHONE", 0),
        ({"party_id": "P" * 256, "version": 0}, None, 0),
        ({}, None, 0),
    ],
)
def test_the_version_and_the_party(
    common: dict[str, Any], party_id: str | None, version: int
) -> None:
    assert fields.common({"call_id": "call", **common}) == ("call", party_id, version)


@pytest.mark.parametrize(
    ("lifetime_ms", "seconds"),
    [(60000, 60.0), (1500.0, 1.5), (0, 0.0), (10**400, 10.0**9)],  # whatever it claims, bounded
)
def test_a_lifetime_is_milliseconds_on_the_wire(lifetime_ms: float, seconds: float) -> None:
    assert fields.lifetime({"lifetime": lifetime_ms}) == seconds


def test_text_that_no_file_could_hold_is_no_text() -> None:
    assert fields.optional_text({"reason": "half a pair: \ud800"}, "reason") is None
    assert fields.optional_text({"reason": "a whole one: \U0001f600"}, "reason") is not None


@pytest.mark.parametrize("text", ["call id", "a/b", "@ann:example.org", "ü", "\u260e"])
def test_ids_outside_the_grammar_are_taken(text: str) -> None:
    assert fields.common({"call_id": text, "party_id": text, "version": "1"}) == (text, text, 1)
