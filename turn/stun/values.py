"""The values of attributes: addresses, error codes, numbers (RFC 8489 section 14, RFC 8656 18).

Whatever reads raises `BadValue` for a value that has not its attribute's form: the sender of such
a request is told 400 (Bad Request).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import Final

from turn.stun.names import MAGIC_COOKIE, REASONS, Code, Family

Address = tuple[str, int]
"""IP address, as `inet_ntop` writes it so that equal ones are equal texts, and port."""

_COOKIE: Final = MAGIC_COOKIE.to_bytes(4, "big")
_NUMBER: Final = struct.Struct("!I")
UDP: Final = 17
"""The protocol number in REQUESTED-TRANSPORT."""


class BadValue(ValueError):
    """An attribute's value has not the form that its type has."""


def family_of(ip: str) -> Family:
    return Family.IPV6 if ":" in ip else Family.IPV4


def xor_address(address: Address, transaction_id: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS and its like (RFC 8489 section 14.2)."""
    ip, port = address
    family = family_of(ip)
    packed = socket.inet_pton(_af(family), ip)
    port ^= MAGIC_COOKIE >> 16
    return bytes((0, family)) + port.to_bytes(2, "big") + _xor(packed, transaction_id)


def read_xor_address(value: bytes, transaction_id: bytes) -> Address:
    """What `xor_address` wrote. Raises BadValue."""
    if len(value) == 8 and value[1] == Family.IPV4:
        family = socket.AF_INET
    elif len(value) == 20 and value[1] == Family.IPV6:
        family = socket.AF_INET6
    else:
        raise BadValue("no address")
    port = int.from_bytes(value[2:4], "big") ^ MAGIC_COOKIE >> 16
    return socket.inet_ntop(family, _xor(value[4:], transaction_id)), port


def error_code(code: Code, reason: str | None = None) -> bytes:
    """The value of ERROR-CODE (RFC 8489 section 14.8), with the RFC's phrase if not told."""
    text = REASONS[code] if reason is None else reason
    return bytes((0, 0, code // 100, code % 100)) + text.encode()


def read_error_code(value: bytes) -> tuple[int, str]:
    """What `error_code` wrote. Raises BadValue."""
    if len(value) < 4:
        raise BadValue("no error code")
    return (value[2] & 7) * 100 + value[3], value[4:].decode("utf-8", "replace")


def number(value: int) -> bytes:
    """32 bits: LIFETIME in seconds."""
    return _NUMBER.pack(value)


def read_number(value: bytes) -> int:
    if len(value) != 4:
        raise BadValue("a number has 4 bytes")
    return int.from_bytes(value, "big")


def first_byte(value: int) -> bytes:
    """REQUESTED-TRANSPORT and the families: one byte and three that are reserved."""
    return bytes((value, 0, 0, 0))


def read_first_byte(value: bytes) -> int:
    if len(value) != 4:
        raise BadValue("the value has 4 bytes")
    return value[0]


def channel_number(value: int) -> bytes:
    return value.to_bytes(2, "big") + bytes(2)


def read_channel_number(value: bytes) -> int:
    if len(value) != 4:
        raise BadValue("CHANNEL-NUMBER has 4 bytes")
    return int.from_bytes(value[:2], "big")


def unknown_attributes(types: Sequence[int]) -> bytes:
    """UNKNOWN-ATTRIBUTES (RFC 8489 section 14.13)."""
    return b"".join(each.to_bytes(2, "big") for each in types)


def read_text(value: bytes, longest: int) -> str:
    """USERNAME, REALM, NONCE: UTF-8 of at most `longest` bytes."""
    if len(value) > longest:
        raise BadValue("the text is too long")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadValue("the text is not UTF-8") from None


def _xor(packed: bytes, transaction_id: bytes) -> bytes:
    mask = (_COOKIE + transaction_id)[: len(packed)]
    mixed = int.from_bytes(packed, "big") ^ int.from_bytes(mask, "big")
    return mixed.to_bytes(len(packed), "big")


def _af(family: Family) -> socket.AddressFamily:
    return socket.AF_INET6 if family is Family.IPV6 else socket.AF_INET
