"""One STUN message: `parse` reads it, `build` writes it (RFC 8489 section 5).

`parse` raises `BadMessage` and nothing else, whatever the bytes are.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from turn.stun.names import MAGIC_COOKIE, Attribute, Kind

HEADER: Final = struct.Struct("!HHI12s")
_PAIR: Final = struct.Struct("!HH")
HEADER_BYTES: Final = 20
INTEGRITY_BYTES: Final = 20
_FINGERPRINT_XOR: Final = 0x5354554E
MAX_ATTRIBUTES: Final = 256
"""More than any client sends: a message of 64 KiB could hold 16,000 empty ones."""

Pair = tuple[int, bytes]
"""An attribute: type and value, without padding."""


class BadMessage(ValueError):
    """Not a STUN message, or a damaged one: RFC 8489 section 6.3 has it silently discarded."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose structure, and whose fingerprint if it has one, are right."""

    method: int
    """Any of twelve bits: `Method` has those of TURN."""
    kind: Kind
    transaction_id: bytes
    """12 bytes."""
    attributes: tuple[Pair, ...]
    """In their order; of what follows MESSAGE-INTEGRITY, FINGERPRINT alone (section 14.5)."""
    signed: bytes
    """What stands before MESSAGE-INTEGRITY; empty where there is none."""

    def get(self, attribute: int) -> bytes | None:
        """The first of its type: the others are duplicates to ignore (section 14)."""
        for found, value in self.attributes:
            if found == attribute:
                return value
        return None

    def all(self, attribute: int) -> list[bytes]:
        """Every one of its type, where several are meant."""
        return [value for found, value in self.attributes if found == attribute]

    def has(self, attribute: int) -> bool:
        return any(found == attribute for found, _ in self.attributes)

    def unknown(self, known: frozenset[int]) -> list[int]:
        """Types whose comprehension is required (below 0x8000) and that are not in `known`."""
        types = (found for found, _ in self.attributes)
        return list(dict.fromkeys(t for t in types if t < 0x8000 and t not in known))

    def signed_with(self, key: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is there and was made with this key."""
        value = self.get(Attribute.MESSAGE_INTEGRITY)
        if value is None or not self.signed:
            return False
        return hmac.compare_digest(value, _integrity(self.signed, key))

    def __repr__(self) -> str:  # attributes hold user names and addresses
        return f"Message(method={self.method:#x}, kind={self.kind.name})"


def parse(data: bytes) -> Message:
    """The message that a whole datagram, or a frame of a stream, is.

    :raises BadMessage: its structure or its fingerprint is wrong.
    """
    if len(data) < HEADER_BYTES:
        raise BadMessage("shorter than a STUN header")
    kind_and_method, length, cookie, transaction_id = HEADER.unpack_from(data)
    if kind_and_method > 0x3FFF or cookie != MAGIC_COOKIE:
        raise BadMessage("no STUN header")
    if length % 4 or length != len(data) - HEADER_BYTES:
        raise BadMessage("the length does not fit")
    attributes, signed = _attributes(data)
    return Message(
        method=kind_and_method & 0xF | kind_and_method >> 1 & 0x70 | kind_and_method >> 2 & 0xF80,
        kind=Kind(kind_and_method >> 4 & 1 | kind_and_method >> 7 & 2),
        transaction_id=transaction_id,
        attributes=attributes,
        signed=signed,
    )


def build(
    method: int,
    kind: Kind,
    transaction_id: bytes,
    attributes: Iterable[Pair] = (),
    *,
    key: bytes | None = None,
    fingerprint: bool = False,
) -> bytes:
    """The bytes of a message, with MESSAGE-INTEGRITY if there is a `key`.

    :raises ValueError: it does not fit into 16 bits of length.
    """
    parts = [_pack(attribute, value) for attribute, value in attributes]
    length = sum(map(len, parts))
    if length > 0xFFFF - 32:
        raise ValueError("a STUN message has at most 65,535 bytes after its header")
    kind_and_method = method & 0xF | (method & 0x70) << 1 | (method & 0xF80) << 2
    kind_and_method |= (kind & 1) << 4 | (kind & 2) << 7
    data = HEADER.pack(kind_and_method, length, MAGIC_COOKIE, transaction_id) + b"".join(parts)
    if key is not None:
        data += _pack(Attribute.MESSAGE_INTEGRITY, _integrity(data, key))
        data = _with_length(data, len(data) - HEADER_BYTES)
    if fingerprint:
        value = _fingerprint(data).to_bytes(4, "big")
        data = _with_length(data, len(data) - HEADER_BYTES + 8)
        data += _pack(Attribute.FINGERPRINT, value)
    return data


def long_term_key(username: str, realm: str, password: str) -> bytes:
    """The key of MESSAGE-INTEGRITY under long-term credentials (RFC 8489 section 9.2.2)."""
    text = f"{username}:{realm}:{password}"
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()  # what the RFC names


def _attributes(data: bytes) -> tuple[tuple[Pair, ...], bytes]:
    found: list[Pair] = []
    signed = b""
    at, end = HEADER_BYTES, len(data)
    while at < end:
        attribute, length = _PAIR.unpack_from(data, at)  # lengths are multiples of 4: it is there
        value = data[at + 4 : at + 4 + length]
        if len(value) != length or len(found) >= MAX_ATTRIBUTES:
            raise BadMessage("an attribute goes beyond the end, or there are too many")
        if attribute == Attribute.FINGERPRINT:
            # Section 14.7: it is the last one.
            if at + 8 != end or length != 4 or _fingerprint(data[:at]) != int.from_bytes(value):
                raise BadMessage("the fingerprint is wrong")
            found.append((attribute, value))
        elif not signed:
            found.append((attribute, value))
            if attribute == Attribute.MESSAGE_INTEGRITY:
                if length != INTEGRITY_BYTES:
                    raise BadMessage("MESSAGE-INTEGRITY has not 20 bytes")
                signed = data[:at]
        at += 4 + (length + 3 & ~3)
    return tuple(found), signed


def _integrity(before: bytes, key: bytes) -> bytes:
    # Section 14.5: the length in the header is that of the message up to MESSAGE-INTEGRITY.
    text = _with_length(before, len(before) - HEADER_BYTES + 4 + INTEGRITY_BYTES)
    return hmac.digest(key, text, "sha1")


def _fingerprint(before: bytes) -> int:
    text = _with_length(before, len(before) - HEADER_BYTES + 8)
    return binascii.crc32(text) ^ _FINGERPRINT_XOR


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + length.to_bytes(2, "big") + data[4:]


def _pack(attribute: int, value: bytes) -> bytes:
    return _PAIR.pack(attribute, len(value)) + value + bytes(-len(value) % 4)
