"""What a datagram is, by its first bytes, and whom a STUN message names. Pure.

On a port that all calls share, most datagrams are told apart by where they come from. Those of an
address that is not known yet are connectivity checks, which name us (RFC 8445 §7.2.2), or answers
to ours, which carry the number that we gave them.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final, NamedTuple

MAX_USERNAME: Final = 513
"""Bytes, of a STUN USERNAME (RFC 8489 §14.3: fewer than 509 characters; some leeway)."""
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_COOKIE: Final = 0x2112A442
_USERNAME: Final = 0x0006
_MAX_ATTRIBUTES: Final = 16


class Kind(Enum):
    """RFC 7983 §7, as far as a call has it."""

    REQUEST = "a STUN binding request"
    RESPONSE = "a STUN binding response or error"
    MEDIA = "DTLS, RTP or RTCP"
    OTHER = "nothing that belongs to a call"


class Datagram(NamedTuple):
    kind: Kind
    name: bytes = b""
    """A request's local user name fragment, a response's transaction id."""


_OTHER: Final = Datagram(Kind.OTHER)
_MEDIA: Final = Datagram(Kind.MEDIA)
_KINDS: Final = {0x0001: Kind.REQUEST, 0x0101: Kind.RESPONSE, 0x0111: Kind.RESPONSE}


def is_request(data: bytes) -> bool:
    """Of what we send ourselves: whether an answer will name it."""
    return data[:2] == b"\x00\x01"


def transaction_of(data: bytes) -> bytes:
    return data[8:20]


def read(data: bytes) -> Datagram:
    """Costs no more for what somebody made up than for what is meant."""
    if not data:
        return _OTHER
    first = data[0]
    if 20 <= first < 64 or 128 <= first < 192:
        return _MEDIA
    if first > 3 or len(data) < _HEADER.size:
        return _OTHER
    message, length, cookie, transaction = _HEADER.unpack_from(data)
    kind = _KINDS.get(message)
    if kind is None or cookie != _COOKIE or length != len(data) - _HEADER.size:
        return _OTHER
    if kind is Kind.RESPONSE:
        return Datagram(kind, transaction)
    fragment = _local_fragment(data)
    return _OTHER if fragment is None else Datagram(kind, fragment)


def _local_fragment(data: bytes) -> bytes | None:
    """Its USERNAME is "the username fragment provided by the peer with the username fragment of the
    ICE agent sending the request", with a colon between them (RFC 8445 §7.2.2)."""
    at, end = _HEADER.size, len(data)
    for _ in range(_MAX_ATTRIBUTES):
        if at + _ATTRIBUTE.size > end:
            return None
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        if kind == _USERNAME:
            if length > MAX_USERNAME or at + length > end:
                return None
            return data[at : at + length].partition(b":")[0] or None
        at += length + -length % 4
    return None
