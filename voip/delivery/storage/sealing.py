"""Files encrypted at rest: the format, and how to open it.

    header   "MVOIPv1\\n", then 32 random bytes: the salt
    chunks   AES-256-GCM of 64 KiB each, the last one shorter; 16 bytes of tag after each

The key of a file is HKDF-SHA256 of the operator's key with the salt, so no two files share one. The
nonce of a chunk is its number (11 bytes) and whether it is the last (1 byte), as in STREAM (Hoang,
Reyhanitabar, Rogaway, Vizár 2015): a chunk that was moved, left out or repeated does not open, nor
does a file that was cut at the end of a chunk. The header is authenticated with each chunk.

A salt belongs to one content for ever: whoever seals a file again, because it has changed, takes a
new one.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"MVOIPv1\n"
SALT: Final = 32
HEADER: Final = len(MAGIC) + SALT
CHUNK: Final = 1 << 16
TAG: Final = 16
KEY: Final = 32
SUFFIX: Final = ".sealed"


class SealError(Exception):
    """A sealed file does not open; the message says why."""


def read_key(text: str) -> bytes:
    """A key as `openssl rand -base64 32` makes it. Raises ValueError, without quoting it."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY:
        raise ValueError("must be 32 bytes in base64, as `openssl rand -base64 32` makes them")
    return key


def new_salt() -> bytes:
    return secrets.token_bytes(SALT)


class Sealer:
    """Seals chunks of one file, in any order, for example from where an upload broke off."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        self.header = MAGIC + salt
        self._cipher = AESGCM(_file_key(key, salt))

    def seal(self, chunk: bytes, number: int, *, last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(number, last), chunk, self.header)

    def open(self, sealed: bytes, number: int, *, last: bool) -> bytes:
        """Raises SealError."""
        try:
            return self._cipher.decrypt(_nonce(number, last), sealed, self.header)
        except InvalidTag:
            raise SealError(
                "this is not the key that it was sealed with, or the file was changed or cut"
            ) from None


def unseal(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The content of a sealed file, chunk by chunk. Blocking.

    Raises SealError: then what came before is genuine, and is not all of it.
    """
    header = source.read(HEADER)
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise SealError("this is no sealed recording")
    sealer = Sealer(key, header[len(MAGIC) :])
    number, sealed = 0, source.read(CHUNK + TAG)
    while True:
        following = source.read(CHUNK + TAG)
        yield sealer.open(sealed, number, last=not following)
        if not following:
            return
        number, sealed = number + 1, following


def is_sealed(path: Path) -> bool:
    """Blocking. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _file_key(key: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), KEY, salt, b"matrix-voip recording v1").derive(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
