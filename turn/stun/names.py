"""The numbers of STUN and TURN, by the names the RFCs give them."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

MAGIC_COOKIE: Final = 0x2112A442
"""RFC 8489 section 5: tells STUN from what else arrives at the same port."""


class Kind(IntEnum):
    """A message's class (RFC 8489 section 5)."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


class Method(IntEnum):
    """RFC 8489 section 18.2 and RFC 8656 section 17."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009


class Attribute(IntEnum):
    """RFC 8489 section 18.3 and RFC 8656 section 18; below 0x8000 comprehension is required."""

    MAPPED_ADDRESS = 0x0001
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    DONT_FRAGMENT = 0x001A
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    XOR_MAPPED_ADDRESS = 0x0020
    RESERVATION_TOKEN = 0x0022
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    ADDITIONAL_ADDRESS_FAMILY = 0x8000
    ADDRESS_ERROR_CODE = 0x8001
    SOFTWARE = 0x8022
    FINGERPRINT = 0x8028


class Family(IntEnum):
    """Address families as MAPPED-ADDRESS has them (RFC 8489 section 14.1)."""

    IPV4 = 1
    IPV6 = 2


class Code(IntEnum):
    """Error codes (RFC 8489 section 14.8, RFC 8656 section 19)."""

    BAD_REQUEST = 400
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    UNKNOWN_ATTRIBUTE = 420
    ALLOCATION_MISMATCH = 437
    STALE_NONCE = 438
    ADDRESS_FAMILY_NOT_SUPPORTED = 440
    WRONG_CREDENTIALS = 441
    UNSUPPORTED_TRANSPORT = 442
    PEER_ADDRESS_FAMILY_MISMATCH = 443
    ALLOCATION_QUOTA_REACHED = 486
    INSUFFICIENT_CAPACITY = 508


REASONS: Final[dict[Code, str]] = {
    Code.BAD_REQUEST: "Bad Request",
    Code.UNAUTHENTICATED: "Unauthenticated",
    Code.FORBIDDEN: "Forbidden",
    Code.UNKNOWN_ATTRIBUTE: "Unknown Attribute",
    Code.ALLOCATION_MISMATCH: "Allocation Mismatch",
    Code.STALE_NONCE: "Stale Nonce",
    Code.ADDRESS_FAMILY_NOT_SUPPORTED: "Address Family not Supported",
    Code.WRONG_CREDENTIALS: "Wrong Credentials",
    Code.UNSUPPORTED_TRANSPORT: "Unsupported Transport Protocol",
    Code.PEER_ADDRESS_FAMILY_MISMATCH: "Peer Address Family Mismatch",
    Code.ALLOCATION_QUOTA_REACHED: "Allocation Quota Reached",
    Code.INSUFFICIENT_CAPACITY: "Insufficient Capacity",
}
"""The reason phrases that the RFCs recommend."""
