"""STUN and TURN messages as bytes, on aioice's codec; what that codec lacks is added here. Pure."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from aioice import stun

from turn.client.errors import ErrorResponse, Malformed

REQUESTED_ADDRESS_FAMILY: Final = 0x0017  # RFC 8656 section 18.11
CHANNEL_HEADER = 4
FIRST_CHANNEL, LAST_CHANNEL = 0x4000, 0x4FFF  # RFC 8656 section 12

Peer = tuple[str, int]
Extra = tuple[tuple[int, bytes], ...]


class Protocol(IntEnum):
    """What is asked for at the relay's far side: an IP protocol number."""

    TCP = 6  # RFC 6062
    UDP = 17


class Family(IntEnum):
    """RFC 8489 section 14.1."""

    IPV4 = 1
    IPV6 = 2


@dataclass(frozen=True, slots=True)
class Login:
    """What a relay asks for; both are secrets."""

    username: str
    password: str

    def __repr__(self) -> str:  # a log line with these in it would be a leak
        return "Login()"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the relay wants requests to be signed with (RFC 8489 section 9.2)."""

    realm: str
    nonce: bytes
    software: str | None


class Request(stun.Message):
    """A request that may carry attributes which aioice's table does not have."""

    def __init__(self, method: stun.Method, attributes: dict[str, Any], extra: Extra = ()) -> None:
        super().__init__(method, stun.Class.REQUEST, attributes=attributes)
        self._extra = b"".join(
            struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
            for kind, value in extra
        )

    def __bytes__(self) -> bytes:
        plain = super().__bytes__()
        body = self._extra + plain[stun.HEADER_LENGTH :]
        return plain[:2] + struct.pack("!H", len(body)) + plain[4 : stun.HEADER_LENGTH] + body


def allocate(protocol: Protocol = Protocol.UDP, family: Family | None = None) -> Request:
    """RFC 8656 section 7.1. Without a family the relay takes IPv4."""
    extra = ((REQUESTED_ADDRESS_FAMILY, bytes([family, 0, 0, 0])),) if family else ()
    return Request(stun.Method.ALLOCATE, {"REQUESTED-TRANSPORT": protocol << 24}, extra)


def sign(request: Request, login: Login, challenge: Challenge) -> bytes:
    """Sign for the long-term credential (RFC 8489 section 9.2.2); returns the key."""
    request.attributes["USERNAME"] = login.username
    request.attributes["REALM"] = challenge.realm
    request.attributes["NONCE"] = challenge.nonce
    text = f"{login.username}:{challenge.realm}:{login.password}"
    key = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    request.add_message_integrity(key)
    return key


def send_indication(data: bytes, peer: Peer) -> bytes:
    """RFC 8656 section 11.1."""
    attributes = {"XOR-PEER-ADDRESS": peer, "DATA": data}
    return bytes(stun.Message(stun.Method.SEND, stun.Class.INDICATION, attributes=attributes))


def parse(data: bytes) -> stun.Message:
    """Raises Malformed."""
    try:
        return stun.parse_message(data)
    except (ValueError, struct.error):
        raise Malformed("the relay sent something that is no STUN message") from None


def challenge_of(message: stun.Message) -> Challenge:
    """The realm and nonce of a 401 or 438. Raises Malformed where they are missing."""
    realm, nonce = message.attributes.get("REALM"), message.attributes.get("NONCE")
    if not realm or not nonce:
        raise Malformed("the relay asks for credentials and names no realm or no nonce")
    return Challenge(realm, nonce, message.attributes.get("SOFTWARE"))


def error_of(message: stun.Message) -> ErrorResponse:
    code, reason = message.attributes.get("ERROR-CODE", (0, "an error without a code"))
    # The text is the relay's, goes to a terminal, and is anybody's: letters only, and not many.
    text = "".join(letter for letter in reason if letter.isprintable())
    return ErrorResponse(code, text[:80])


def frames(buffer: bytearray) -> Iterator[bytes]:
    """Take each whole message from the front of what a stream brought (RFC 8656 section 12.5).

    Raises Malformed where the bytes are neither STUN nor channel data.
    """
    # A web server's "HTTP" would pass for the header of channel data, and be waited for.
    if buffer.startswith(b"HTTP/"):
        raise Malformed("a web server answers there")
    while len(buffer) >= CHANNEL_HEADER:
        kind, length = struct.unpack_from("!HH", buffer)
        if kind < 0x4000:
            size = stun.HEADER_LENGTH + length
        elif kind <= LAST_CHANNEL:
            size = CHANNEL_HEADER + length + (-length % 4)  # padded over streams only
        else:
            raise Malformed("what answers there does not speak STUN")
        if len(buffer) < size:
            return
        yield bytes(buffer[:size])
        del buffer[:size]
