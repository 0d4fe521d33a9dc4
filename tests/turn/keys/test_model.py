"""Keys as text."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.keys.model import (
    ID_BYTES,
    IN_TEXT,
    SECRET_BYTES,
    KeyRecord,
    make_key,
    matches,
    parse_key,
)

SIZE = ID_BYTES + SECRET_BYTES


@given(st.binary(min_size=SIZE, max_size=SIZE))
def test_a_key_is_read_as_it_was_written(dice: bytes) -> None:
    key = make_key(dice)
    assert parse_key(str(key)) == key
    assert IN_TEXT.sub("", f"see {key} there") == "see  there"
    assert matches(KeyRecord(key.id, key.digest, 0), key)


@given(st.text())
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_another_secret_does_not_match() -> None:
    one, other = make_key(os.urandom(SIZE)), make_key(os.urandom(SIZE))
    assert not matches(KeyRecord(one.id, one.digest, 0), other)


def test_a_key_needs_all_its_dice() -> None:
    with pytest.raises(ValueError, match="37 random bytes"):
        make_key(b"x")


def test_neither_secret_nor_hash_is_shown_in_a_repr() -> None:
    key = make_key(os.urandom(SIZE))
    record = KeyRecord(key.id, key.digest, 0)
    assert key.secret not in repr(key)
    assert repr(key.digest) not in repr(record)


def test_a_key_ends_at_its_time() -> None:
    record = KeyRecord("id", b"", 0, ends=10)
    assert (record.valid(9.9), record.valid(10)) == (True, False)
    assert KeyRecord("id", b"", 0).valid(1e12)
