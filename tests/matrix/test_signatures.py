"""Signed JSON, with the specification's own examples."""

from __future__ import annotations

from typing import Any

import pytest

from voip.matrix.signatures import (
    SigningKey,
    canonical_json,
    decode_base64,
    encode_base64,
    is_signed,
    signed,
)

SEED = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"
"""Of the appendices, "Cryptographic Test Vectors"; there the key is `ed25519:1` of `domain`."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"one": 1, "two": "Two"}, '{"one":1,"two":"Two"}'),
        ({"b": "2", "a": "1"}, '{"a":"1","b":"2"}'),
        ({"a": "日本語"}, '{"a":"日本語"}'),
        ({"本": 2, "日": 1}, '{"日":1,"本":2}'),
        ({"a": "\u65e5"}, '{"a":"日"}'),
        ({"a": None}, '{"a":null}'),
        ({"a": [True, -5]}, '{"a":[true,-5]}'),
    ],
)
def test_canonical_json(value: object, text: str) -> None:
    assert canonical_json(value) == text.encode()


@pytest.mark.parametrize(
    "value", [1.5, {"a": [float("nan")]}, 2**53, {"a": "\ud800"}, {1: "a"}, {"a": {"b": -(2**60)}}]
)
def test_what_cannot_be_signed(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(value)


@pytest.mark.parametrize(
    ("value", "signature"),
    [
        (
            {},
            "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ",
        ),
        (
            {"one": 1, "two": "Two"},
            "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
        ),
    ],
)
def test_signatures_are_those_of_the_specification(value: dict[str, Any], signature: str) -> None:
    key = SigningKey.from_text(SEED)
    made = signed(value, "domain", "1", key.sign)
    assert made == {**value, "signatures": {"domain": {"ed25519:1": signature}}}
    assert is_signed(made, "domain", "1", key.public)
    assert is_signed({**made, "unsigned": {"age": 5}}, "domain", "1", key.public)


def test_only_the_signature_that_is_made_is_in_it() -> None:
    one, two = SigningKey.generate(), SigningKey.generate()
    twice = signed(signed({"a": 1}, "@a:x", "one", one.sign), "@a:x", "two", two.sign)
    assert list(twice["signatures"]["@a:x"]) == ["ed25519:two"]
    assert is_signed(twice, "@a:x", "two", two.public)


GOOD = signed({"a": 1}, "@a:x", "K", SigningKey.from_text(SEED).sign)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {**GOOD, "a": 2},
        {**GOOD, "b": 1.5},
        {**GOOD, "signatures": None},
        {**GOOD, "signatures": {"@a:x": []}},
        {**GOOD, "signatures": {"@a:x": {"ed25519:K": 7}}},
        {**GOOD, "signatures": {"@a:x": {"ed25519:K": "short"}}},
        {**GOOD, "signatures": {"@b:x": GOOD["signatures"]["@a:x"]}},
    ],
)
def test_bad_signatures(value: object) -> None:
    assert not is_signed(value, "@a:x", "K", SigningKey.from_text(SEED).public)


@pytest.mark.parametrize(
    "public",
    ["", "AAAA", "é", SigningKey.generate().public],
    ids=["none", "short", "no base64", "another"],
)
def test_a_signature_of_another_key(public: str) -> None:
    assert not is_signed(GOOD, "@a:x", "K", public)


def test_a_nest_too_deep_to_sign_is_no_signature() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert not is_signed({**GOOD, "b": deep}, "@a:x", "K", SigningKey.from_text(SEED).public)


def test_base64_with_and_without_padding() -> None:
    assert encode_base64(b"a") == "YQ"
    assert decode_base64("YQ") == decode_base64("YQ==") == b"a"
    for bad in ("Y", "Y Q", "é", None, 5):
        with pytest.raises(ValueError, match="base64"):
            decode_base64(bad)
