"""The key to an account's secret storage, as people write it down ("Key representation").

Two bytes that mark it, 32 bytes of key, one byte so that all together give 0 by exclusive or; in
the base58 of Bitcoin, in groups of four.
"""

from __future__ import annotations

import secrets
from functools import reduce
from operator import xor

from voip.matrix.errors import SettingsError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MARK = b"\x8b\x01"
KEY_LENGTH = 32
LENGTH = len(MARK) + KEY_LENGTH + 1
LONGEST = 200
"""Characters; a text that is longer is not even tried."""


def new_key() -> bytes:
    return secrets.token_bytes(KEY_LENGTH)


def to_text(key: bytes) -> str:
    marked = MARK + key
    number = int.from_bytes(marked + bytes([reduce(xor, marked)]), "big")
    text = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def from_text(text: str) -> bytes:
    """The 32 bytes.

    :raises SettingsError: it is no recovery key, or is misspelt. Quotes nothing of it.
    """
    letters = "".join(text.split())
    if not letters or len(letters) > LONGEST or not set(letters) <= set(ALPHABET):
        raise _misspelt()
    number = 0
    for letter in letters:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    if number.bit_length() > LENGTH * 8:
        raise _misspelt()
    data = number.to_bytes(LENGTH, "big")
    if not data.startswith(MARK) or reduce(xor, data) != 0:
        raise _misspelt()
    return data[len(MARK) : -1]


def is_recovery_key(text: str) -> bool:
    try:
        from_text(text)
    except SettingsError:
        return False
    return True


def _misspelt() -> SettingsError:
    return SettingsError(
        "The recovery key is not one, or is misspelt: it has 12 groups of four letters and digits "
        "and begins with E (a passphrase is not accepted in its place)."
    )
