"""Secrets in account data. That Element's cryptography reads them is in `test_people`."""

from __future__ import annotations

import base64

import pytest

from voip.matrix.secret_storage import decrypt, describe, encrypt, is_key_of, key_id

KEY, OTHER = bytes(range(32)), bytes(32)
NAME = "m.cross_signing.master"


def test_a_secret_comes_back_under_its_own_name_and_key_only() -> None:
    encrypted = encrypt(KEY, NAME, "a secret")
    assert "a secret" not in str(encrypted)
    assert decrypt(KEY, NAME, encrypted) == "a secret"
    for key, name in ((OTHER, NAME), (KEY, "m.cross_signing.user_signing")):
        with pytest.raises(ValueError, match="another key"):
            decrypt(key, name, encrypted)
    assert encrypt(KEY, NAME, "a secret") != encrypted


def test_the_counter_begins_where_it_cannot_overflow_its_lower_half() -> None:
    for _ in range(20):
        iv = base64.b64decode(encrypt(KEY, NAME, "a secret")["iv"])
        assert len(iv) == 16
        assert iv[8] < 0x80


@pytest.mark.parametrize("part", ["iv", "ciphertext", "mac"])
@pytest.mark.parametrize("value", [None, 5, "no base64!", "", "AAAA"])
def test_damaged_secrets(part: str, value: object) -> None:
    encrypted = encrypt(KEY, NAME, "a secret") | {part: value}
    with pytest.raises(ValueError, match=r".+"):
        decrypt(KEY, NAME, encrypted)
    with pytest.raises(ValueError, match=r".+"):
        decrypt(KEY, NAME, None)


def test_a_key_is_told_by_its_description() -> None:
    description = describe(KEY)
    assert is_key_of(KEY, description)
    assert not is_key_of(OTHER, description)
    assert not is_key_of(KEY, description | {"algorithm": "m.other"})
    assert not is_key_of(KEY, description | {"mac": "AAAA"})
    assert not is_key_of(KEY, description | {"iv": 7})
    assert is_key_of(OTHER, {"algorithm": description["algorithm"]})
    assert key_id(KEY) == key_id(KEY) != key_id(OTHER)
