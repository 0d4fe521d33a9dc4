"""Signed JSON ("Signing JSON", appendices of the specification): make and check signatures.

Ed25519 is that of `cryptography`: the Python binding of vodozemac signs with a device's own key
alone. Canonical JSON is Python's encoder with four options, so no library is needed for it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from voip.matrix.http import Json

UNSIGNED = ("signatures", "unsigned")
LARGEST = 2**53 - 1
"""Canonical JSON holds integers within ± this, and no other numbers."""


def canonical_json(value: object) -> bytes:
    """:raises ValueError: the value is nothing that can be signed."""
    _check(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()


def _check(value: object) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError("Canonical JSON has text for keys")  # noqa: TRY004 - one error
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
    elif isinstance(value, float) or (isinstance(value, int) and not -LARGEST <= value <= LARGEST):
        raise ValueError("Canonical JSON has integers of 53 bits for numbers")


def encode_base64(data: bytes) -> str:
    """Unpadded, as keys, signatures and secrets are written."""
    return base64.b64encode(data).rstrip(b"=").decode()


def decode_base64(text: object) -> bytes:
    """With padding or without. :raises ValueError: it is no base64."""
    if not isinstance(text, str):
        raise ValueError("Not base64")  # noqa: TRY004 - one error
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError as error:
        raise ValueError("Not base64") from error


class SigningKey:
    """A private Ed25519 key. Its text form is the unpadded base64 of the 32 bytes."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, secret: str) -> Self:
        """:raises ValueError: it is no such key."""
        return cls(Ed25519PrivateKey.from_private_bytes(decode_base64(secret)))

    @property
    def secret(self) -> str:
        return encode_base64(self._key.private_bytes_raw())

    @property
    def public(self) -> str:
        return encode_base64(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        return encode_base64(self._key.sign(message))


def signed(value: Json, user_id: str, key_name: str, sign: Callable[[bytes], str]) -> Json:
    """A copy of `value` with this signature and no other.

    Without those that were there: Synapse refuses an upload of signatures for one that it does
    not look for, such as a master key's own.

    :param key_name: what stands after `ed25519:`, a device id or a public key.
    """
    bare = {key: inner for key, inner in value.items() if key not in UNSIGNED}
    signature = sign(canonical_json(bare))
    return {**bare, "signatures": {user_id: {f"ed25519:{key_name}": signature}}}


def is_signed(value: object, user_id: str, key_name: str, public_key: str) -> bool:
    """Whether `value` carries a good signature by that key. Takes anything from the network."""
    try:
        if not isinstance(value, dict):
            return False
        signature = decode_base64(value["signatures"][user_id][f"ed25519:{key_name}"])
        bare = {key: inner for key, inner in value.items() if key not in UNSIGNED}
        key = Ed25519PublicKey.from_public_bytes(decode_base64(public_key))
        key.verify(signature, canonical_json(bare))
    except (KeyError, TypeError, ValueError, RecursionError, InvalidSignature):
        return False
    return True
